import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { toHex } from "@countersign/protocol";
import { actionRefOf, transactionOfRef } from "./action-ref.ts";

test("goes there and back, within what every provider carries", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const txId = toHex(bytes);
      expect(actionRefOf(txId)).toMatch(/^[A-Za-z0-9_-]{22}$/);
      expect(transactionOfRef(actionRefOf(txId))).toBe(txId);
    }),
  );
});

test("anything else is nothing, other spellings of an id too", () => {
  const ref = actionRefOf("ff".repeat(16));
  for (const text of ["", ref.slice(1), `${ref}A`, `${ref.slice(0, 21)}x`, `${ref.slice(0, 21)}=`, "ä".repeat(22)]) {
    expect(transactionOfRef(text)).toBeUndefined();
  }
});
