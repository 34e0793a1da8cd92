import { pbkdf2Sync } from "node:crypto";
import { expect, test } from "@jest/globals";
import { utf8 } from "./bytes.ts";
import { digitsProofOf } from "./digits-proof.ts";

const challenge = new Uint8Array(32).fill(3);
const publicKey = new Uint8Array(77).fill(4);

test("is PBKDF2 as others have it", () => {
  const salt = Buffer.concat([utf8("countersign/enrol-digits/v1\0"), challenge, publicKey]);
  const known = new Uint8Array(pbkdf2Sync("8392017483920174", salt, 4096, 32, "sha256"));
  expect(digitsProofOf("8392017483920174", challenge, publicKey)).toEqual(known);
});

test("threat 06: tells nothing about another key, challenge or digits", () => {
  const proof = digitsProofOf("83920174", challenge, publicKey);
  expect(digitsProofOf("83920174", challenge, publicKey.with(0, 5))).not.toEqual(proof);
  expect(digitsProofOf("83920174", challenge.with(0, 5), publicKey)).not.toEqual(proof);
  expect(digitsProofOf("83920175", challenge, publicKey)).not.toEqual(proof);
});

test.each(["", "12345", "12345678901234567", "1234 5678"])("%j are no token digits", (digits) => {
  expect(() => digitsProofOf(digits, challenge, publicKey)).toThrow("6 to 16");
});
