import { describe, expect, test } from "@jest/globals";
import { inspect } from "node:util";
import fc from "fast-check";
import { fromHex } from "./bytes.ts";
import { Code, codeDeriver, codeProofOf, codeProver, deriveCode, sampleDigits } from "./code.ts";
import { macKey } from "#platform";

describe("a code", () => {
  const code = new Code("042317");

  test("prints as its name everywhere", () => {
    const prints = [String(code), JSON.stringify({ code }), inspect(code), inspect({ code }, { showHidden: true })];
    expect(prints.join()).not.toMatch(/\d{2}/);
    expect(inspect(code)).toBe("[code]");
  });

  test("is not repeated by the refusal of a bad one", () => {
    expect(() => new Code("12345678901")).toThrow(expect.objectContaining({ code: "bad-field" }));
    expect(() => new Code("98765")).not.toThrow(/98765/);
  });
});

describe("rejection sampling", () => {
  const below = "fffffffffff7953f"; // 2^64 - 2^64 mod 10^6 - 1
  const limit = "fffffffffff79540";
  const rest = "0000000000000001";

  test("takes the highest word below the limit", () => {
    expect(2n ** 64n - (2n ** 64n % 1_000_000n)).toBe(BigInt(`0x${limit}`));
    expect(sampleDigits(fromHex(below + rest.repeat(3)), 6)).toBe("999999");
  });

  test("passes over words from the limit upwards", () => {
    expect(sampleDigits(fromHex(limit + rest.repeat(3)), 6)).toBe("000001");
    expect(sampleDigits(fromHex(`${"ff".repeat(24)}${rest}`), 6)).toBe("000001");
  });

  test("asks for another block when all four are too high", () => {
    expect(sampleDigits(new Uint8Array(32).fill(0xff), 6)).toBeUndefined();
  });
});

describe("sampling as the page says it, by large integers", () => {
  const word = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  const high = fc.bigInt({ min: 2n ** 64n - 2n ** 35n, max: 2n ** 64n - 1n });
  const words = fc.array(fc.oneof(word, high), { minLength: 4, maxLength: 4 });

  test("whatever the words and the digits", () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 6, max: 10 }), (drawn, digits) => {
        const block = fromHex(drawn.map((one) => one.toString(16).padStart(16, "0")).join(""));
        const modulus = 10n ** BigInt(digits);
        const taken = drawn.find((one) => one < 2n ** 64n - (2n ** 64n % modulus));
        expect(sampleDigits(block, digits)).toBe(
          taken === undefined ? undefined : (taken % modulus).toString().padStart(digits, "0"),
        );
      }),
      { numRuns: 1000 },
    );
  });
});

test("one derivation for several issues gives the code of each, in any order; so does one prover", () => {
  const kCode = macKey(new Uint8Array(32).fill(7));
  const [id, bytes] = [new Uint8Array(16).fill(3), new Uint8Array(32).fill(4)];
  const bound = { serverId: id, txId: id, nonce: bytes, txDigest: bytes };
  const codeOf = codeDeriver(kCode, bound, 8);
  const proofOf = codeProver(bytes, bytes);
  for (const issue of [2, 1, 2, 0xffff_ffff].map((n) => ({ epoch: n, n }))) {
    const code = deriveCode(kCode, { ...bound, issue }, 8);
    expect(codeOf(issue).reveal()).toBe(code.reveal());
    expect(proofOf(code)).toEqual(codeProofOf(bytes, bytes, code));
  }
});

// `COUNTERSIGN_PROVE=1` draws the whole million (about 10 s).
const DRAWN = process.env["COUNTERSIGN_PROVE"] === "1" ? 1_000_000 : 200_000;

test(`χ² over ${DRAWN} codes shows no bias in any digit, nor over 1000 bins`, () => {
  const kCode = macKey(new Uint8Array(32).fill(7));
  const id = new Uint8Array(16);
  const bytes = new Uint8Array(32);
  const bins = new Uint32Array(1000);
  const digits = Array.from({ length: 6 }, () => new Uint32Array(10));
  for (let n = 0; n < DRAWN; n++) {
    const bound = { serverId: id, txId: id, nonce: bytes, txDigest: bytes, issue: { epoch: 1, n } };
    const code = deriveCode(kCode, bound, 6).reveal();
    bins[Number(code) % 1000]! += 1;
    for (const [i, counts] of digits.entries()) counts[code.charCodeAt(i) - 48]! += 1;
  }
  // 99.99 % quantiles of χ² with 999 and 9 degrees of freedom. Inputs are fixed, so the outcome never varies.
  expect(chiSquare(bins, DRAWN)).toBeLessThan(1174);
  for (const counts of digits) expect(chiSquare(counts, DRAWN)).toBeLessThan(33.72);
}, 400_000);

function chiSquare(counts: Uint32Array, drawn: number): number {
  const expected = drawn / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}
