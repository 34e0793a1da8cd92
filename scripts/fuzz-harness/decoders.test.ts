import { describe, expect, test } from "@jest/globals";
import { DECODERS, isRefusal } from "./decoders.ts";
import { fuzzDecoder } from "./fuzz-decoders.ts";
import { mutate } from "./mutate.ts";
import { SeededRandom } from "./random.ts";

const INPUTS = 600;

test.each(DECODERS.map(({ name }) => name))(
  "%s: a malformed input is refused in the words it has for it",
  async (name) => {
    const { findings, accepted } = await fuzzDecoder(name, { seed: 20_260, from: 0, inputs: INPUTS });
    expect(findings).toEqual([]);
    expect(accepted).toBeLessThanOrEqual(INPUTS);
  },
);

describe("the fuzzer", () => {
  test("gives the same input for the same seed, target and number, and others for others", () => {
    for (const decoder of DECODERS) {
      const { name } = decoder;
      const at = (seed: number, n: number): string => decoder.input(SeededRandom.of(seed, name, n)).toString("hex");
      expect(at(7, 3)).toBe(at(7, 3));
      const many = new Set(Array.from({ length: 50 }, (_, n) => at(7, n)));
      expect(many.size).toBeGreaterThan(10);
    }
  });

  test("changes what it is given, in every way it has", () => {
    const sample = Buffer.alloc(40, 0x61);
    const lengths = new Set<number>();
    for (let n = 0; n < 500; n++) lengths.add(mutate(new SeededRandom(n), sample, [sample]).length);
    expect(lengths.size).toBeGreaterThan(20);
    expect(mutate(new SeededRandom(1), Buffer.alloc(0), [Buffer.alloc(0)])).toBeInstanceOf(Buffer);
  });

  test("knows a refusal from a bug", () => {
    expect(isRefusal(new TypeError("undefined is not a function"))).toBe(false);
    expect(isRefusal(Object.assign(new Error("x"), { name: "ProtocolError" }))).toBe(true);
  });
});
