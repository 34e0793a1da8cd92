import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { fromBase64url, toBase64url } from "./base64url.ts";
import { equalBytes, fromHex, toHex, utf8 } from "./bytes.ts";
import { importPublicKey } from "./cose-key.ts";
import { parseSigned, SignatureType, signMessage, verifySigned } from "./cose.ts";
import { decodeEnrolment, encodeEnrolment } from "./enrolment.ts";
import { ProtocolError } from "./protocol-error.ts";
import { CLIENT_STATUS, clientClassOf, type Reason, REASONS } from "./reason.ts";
import { decodeStatement, encodeStatement } from "./statement.ts";
import { enrolmentVectors } from "./vector/enrolment-vectors.ts";
import { KEY_ID, vectorKey } from "./vector/fixture.ts";
import { APPROVAL } from "./vector/statement-vectors.ts";
import { unlessRefused } from "./vector/suite.ts";

const key = vectorKey(1);
const statement = encodeStatement(APPROVAL);
const message = signMessage(SignatureType.STATEMENT, KEY_ID, statement, key.sign);
const enrolment = fromHex(enrolmentVectors.build().accept[0]!.enrolment);
const verifier = importPublicKey(key.publicKey);

/** The bytes with every single bit flipped in turn. */
function* flips(bytes: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const changed = bytes.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    yield changed;
  }
}

test.each([
  { name: "statement", bytes: statement, again: (bytes: Uint8Array) => encodeStatement(decodeStatement(bytes)) },
  { name: "enrolment", bytes: enrolment, again: (bytes: Uint8Array) => encodeEnrolment(decodeEnrolment(bytes)) },
])("every flipped bit of a $name is refused, or is another canonical one", ({ bytes, again }) => {
  for (const changed of flips(bytes)) {
    expect(toHex(unlessRefused(() => again(changed)) ?? changed)).toBe(toHex(changed));
  }
  expect(toHex(again(bytes))).toBe(toHex(bytes));
});

test("no flipped bit of a signed message verifies as the same statement type", () => {
  let verified = 0;
  for (const changed of flips(message)) {
    const parsed = unlessRefused(() => parseSigned(changed));
    if (parsed !== undefined && verifySigned(parsed, SignatureType.STATEMENT, verifier)) verified += 1;
  }
  expect(verified).toBe(0);
  expect(verifySigned(parseSigned(message), SignatureType.STATEMENT, verifier)).toBe(true);
});

test("an imported key is kept, and is a copy: changing the caller's bytes changes nothing", () => {
  const bytes = vectorKey(20).publicKey.slice();
  const first = importPublicKey(bytes);
  const kept = bytes.slice();
  bytes.fill(0);
  expect(importPublicKey(kept)).toBe(first);
  expect(toHex(first.coseKey)).toBe(toHex(kept));
});

test("hexadecimal and base64url come back, and have one spelling", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(fromHex(toHex(bytes))).toEqual(bytes);
      expect(fromBase64url(toBase64url(bytes))).toEqual(bytes);
      expect(toBase64url(bytes)).toBe(Buffer.from(bytes).toString("base64url"));
      expect(equalBytes(bytes, bytes.slice())).toBe(true);
    }),
  );
  for (const bad of ["A", "AB", "AAB", "AA=", "A+==", "AA AA", "ä"])
    expect(() => fromBase64url(bad)).toThrow(ProtocolError);
  for (const bad of ["0", "0G", "AB", " 00", "0x"]) expect(() => fromHex(bad)).toThrow(ProtocolError);
  expect(() => utf8("\ud800")).toThrow(expect.objectContaining({ rule: "ill-formed" }));
});

test("every reason has a class with a status, or is never told to a client", () => {
  const silent = Object.keys(REASONS).filter((reason) => clientClassOf(reason as Reason) === undefined);
  expect(silent).toEqual([
    "CONTENT_DIFFERS",
    "CHANNEL_DOWN",
    "CHANNEL_BLOCKED_BY_USER",
    "STALE_FENCE",
    "IDEMPOTENCY_CONFLICT",
  ]);
  expect(Object.keys(CLIENT_STATUS)).toHaveLength(5);
});
