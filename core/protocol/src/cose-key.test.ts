import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { importPublicKey } from "./cose-key.ts";
import { verifyEs256 } from "./platform-node.ts";
import { ProtocolError } from "./protocol-error.ts";
import { flipped, vectorKey } from "./vector/fixture.ts";

const message = new TextEncoder().encode("statement");
const keys = Array.from({ length: 6 }, (_, i) => vectorKey(30 + i));
const signatures = keys.map(({ sign }) => sign(message));

function codeOf(importing: () => unknown): string | undefined {
  try {
    importing();
    return undefined;
  } catch (error) {
    return error instanceof ProtocolError ? error.code : String(error);
  }
}

test("however often and in whatever order keys are asked for, each answers as at its first import", () => {
  const ask = fc.tuple(fc.nat({ max: keys.length - 1 }), fc.boolean());
  fc.assert(
    fc.property(fc.array(ask, { maxLength: 20 }), (asks) => {
      for (const [i, isBad] of asks) {
        const { publicKey } = keys[i]!;
        const asked = isBad ? flipped(publicKey, 76) : publicKey;
        expect(codeOf(() => importPublicKey(asked))).toBe(isBad ? "bad-key" : undefined);
        const key = importPublicKey(publicKey.slice());
        expect(key.coseKey).toEqual(publicKey);
        expect(keys.map((_, j) => verifyEs256(key, message, signatures[j]!))).toEqual(keys.map((_, j) => i === j));
      }
    }),
    { numRuns: 30 },
  );
});
