import { macKey } from "@countersign/protocol";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { seal, unseal } from "./seal.ts";

const key = macKey(new Uint8Array(32).fill(3));
const nonce = new Uint8Array(16).fill(5);

test("what was sealed is read back, and only under the same key", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 40, maxLength: 1024 }), (bytes) => {
      const sealed = seal(key, nonce, bytes);
      expect(unseal(key, sealed)).toEqual(bytes);
      expect(unseal(macKey(new Uint8Array(32)), sealed)).not.toEqual(bytes);
      expect(Buffer.from(sealed).includes(Buffer.from(bytes))).toBe(false);
    }),
  );
});

test("every nonce has a stream of its own", () => {
  const bytes = new Uint8Array(64);
  expect(seal(key, nonce, bytes).subarray(16)).not.toEqual(seal(key, new Uint8Array(16), bytes).subarray(16));
});
