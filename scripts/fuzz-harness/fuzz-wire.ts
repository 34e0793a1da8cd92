import type { Finding, Share } from "./fuzz-decoders.ts";
import { SeededRandom } from "./random.ts";
import type { WireTarget } from "./wire-targets.ts";

export interface WireFuzzed {
  readonly target: string;
  readonly inputs: number;
  /** How often which answer came. */
  readonly answers: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
}

/** UNKNOWN and INTERNAL: the core met what it did not foresee. Silence: it does not answer. */
const WRONG: ReadonlySet<string> = new Set(["2", "13", "http 500", "silent"]);

/** Sends so many inputs, some at a time; `between` is asked now and then. */
export async function fuzzWire(target: WireTarget, share: Share, between: () => void = () => {}): Promise<WireFuzzed> {
  const answers = new Map<string, number>();
  const findings: Finding[] = [];
  let next = share.from;
  const end = share.from + share.inputs;
  const worker = async (): Promise<void> => {
    while (next < end && findings.length < 5) {
      const n = next++;
      const answer = await target.send(SeededRandom.of(share.seed, target.name, n));
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
      if (WRONG.has(answer)) findings.push({ target: target.name, seed: share.seed, n, what: answer, hex: "" });
      if (n % 1000 === 999) between();
    }
  };
  await Promise.all(Array.from({ length: target.atATime }, worker));
  return { target: target.name, inputs: share.inputs, answers: Object.fromEntries(answers), findings };
}
