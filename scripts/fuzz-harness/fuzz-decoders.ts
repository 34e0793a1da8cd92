import { setImmediate as turn } from "node:timers/promises";
import { DECODERS, isRefusal } from "./decoders.ts";
import { SeededRandom } from "./random.ts";

/** An input that did what no input may do. */
export interface Finding {
  readonly target: string;
  readonly seed: number;
  /** Which input of the target it was. */
  readonly n: number;
  readonly what: string;
  readonly hex: string;
}

export interface Fuzzed {
  readonly target: string;
  readonly inputs: number;
  /** Of those the ones that were taken for something; the others were refused. */
  readonly accepted: number;
  readonly findings: readonly Finding[];
}

export interface Share {
  readonly seed: number;
  readonly from: number;
  readonly inputs: number;
}

const MOST_FINDINGS = 5;
const A_BATCH = 2000;

/** Gives so many inputs to the decoders of that name; `between` is asked after each batch. */
export async function fuzzDecoder(name: string, share: Share, between: () => void = () => {}): Promise<Fuzzed> {
  const found = DECODERS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no decoder ${name}`);
  const findings: Finding[] = [];
  let accepted = 0;
  for (let i = 0; i < share.inputs && findings.length < MOST_FINDINGS; i++) {
    const n = share.from + i;
    const bytes = found.input(SeededRandom.of(share.seed, name, n));
    try {
      found.run(bytes);
      accepted += 1;
    } catch (error) {
      if (!isRefusal(error)) {
        findings.push({ target: name, seed: share.seed, n, what: String(error), hex: bytes.toString("hex") });
      }
    }
    if (i % A_BATCH === A_BATCH - 1) {
      between();
      await turn();
    }
  }
  return { target: name, inputs: share.inputs, accepted, findings };
}
