import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { decodeAuthData } from "./auth-data.ts";
import { decodeAuthenticatorInfo } from "./authenticator-info.ts";
import { decodeClientPinAnswer } from "./client-pin.ts";
import { decodeCtapAssertion, decodeMadeCredential } from "./credential.ts";
import { type CtapMap, type CtapValue, decodeCtap, encodeCtap } from "./ctap-cbor.ts";
import { CtapError } from "./ctap-error.ts";
import { decodeCtapMessage } from "./ctap-message.ts";

const readers: Record<string, (map: CtapMap) => unknown> = {
  getInfo: decodeAuthenticatorInfo,
  clientPIN: decodeClientPinAnswer,
  makeCredential: decodeMadeCredential,
  getAssertion: decodeCtapAssertion,
};

/** Reads, or refuses with CtapError; everything else is a crash and goes on. */
function refusesOrReads(read: () => unknown): "read" | "refused" {
  try {
    read();
    return "read";
  } catch (cause) {
    if (cause instanceof CtapError) return "refused";
    throw cause;
  }
}

const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.uint8Array({ maxLength: 80 }));
const deep = (depth: number): fc.Arbitrary<CtapValue> =>
  depth === 0
    ? leaf
    : fc.oneof(
        leaf,
        fc.array(deep(depth - 1), { maxLength: 4 }),
        fc
          .array(fc.tuple(fc.oneof(fc.integer({ min: -8, max: 24 }), fc.string()), deep(depth - 1)), { maxLength: 5 })
          .map((members) => new Map(members)),
      );
const answer = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 24 }), deep(3)), { maxLength: 12 })
  .map((members) => new Map(members));

test("random bytes are refused or read, never a crash; what is read has one form only", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      refusesOrReads(() => expect(encodeCtap(decodeCtap(bytes))).toEqual(bytes));
      refusesOrReads(() => decodeCtapMessage(bytes, { anyOrder: true }));
      refusesOrReads(() => decodeAuthData(bytes));
    }),
    { numRuns: 3000 },
  );
});

test("canonical CBOR with a byte changed is refused or read, and has one form only", () => {
  fc.assert(
    fc.property(answer, fc.nat(), fc.integer({ min: 0, max: 255 }), (map, at, byte) => {
      const bytes = encodeCtap(map);
      bytes[at % bytes.length] = byte;
      refusesOrReads(() => expect(encodeCtap(decodeCtap(bytes))).toEqual(bytes));
    }),
    { numRuns: 3000 },
  );
});

test.each(Object.entries(readers))("%s: members of any type are refused or read, never a crash", (_name, read) => {
  fc.assert(
    fc.property(answer, (map) => {
      expect(["read", "refused"]).toContain(refusesOrReads(() => read(decodeCtap(encodeCtap(map)) as CtapMap)));
    }),
    { numRuns: 2000 },
  );
});
