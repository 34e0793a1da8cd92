import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { AttachRequest } from "@countersign/proto/node/channel/v1/channel_service";
import {
  TransactionServiceCreateGrantRequest,
  TransactionServiceCreateRequest,
} from "@countersign/proto/node/core/v1/transaction_service";
import { MESSAGES, REQUESTS } from "@countersign/proto/wire-schema";
import { scanMessage, scanRequest } from "./wire-scan.ts";

const CREATE = ".countersign.core.v1.TransactionServiceCreateRequest";
const GRANT = ".countersign.core.v1.TransactionServiceCreateGrantRequest";
const ATTACH = ".countersign.channel.v1.AttachRequest";

const bytes = (...parts: (number | string)[]): Uint8Array =>
  new Uint8Array(Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.of(part)))));

/** A field whose value is so many bytes. */
const long = (number: number, value: Uint8Array): Uint8Array =>
  new Uint8Array(Buffer.concat([Buffer.of((number << 3) | 2, value.length), value]));

describe("the wire scan accepts", () => {
  test.each([
    ["nothing at all", CREATE, bytes()],
    ["fields in any order", CREATE, bytes(0x18, 1, 0x12, 1, "u", 0x0a, 1, "r")],
    ["packed numbers, as Python and Go send them", CREATE, long(9, bytes(1, 2, 0xac, 0x02))],
    ["unpacked numbers", CREATE, bytes(0x48, 1, 0x48, 2)],
    ["packed and unpacked mixed, between other fields", CREATE, bytes(0x48, 1, 0x0a, 1, "r", 0x4a, 2, 1, 2, 0x48, 3)],
    ["an empty packed piece", GRANT, bytes(0x1a, 0)],
    ["repeated strings", CREATE, bytes(0x32, 1, "a", 0x32, 1, "b")],
    ["defaults that are spelled out", CREATE, bytes(0x0a, 0, 0x18, 0)],
    ["a negative enum in ten bytes", CREATE, bytes(0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1)],
    ["the largest uint64", ATTACH, long(8, bytes(0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1))],
    ["text beyond ASCII", CREATE, bytes(0x12, 3, "€")],
  ])("%s", (_name, message, wire) => {
    expect(scanMessage(message as `.${string}`, wire)).toBeUndefined();
  });
});

describe("the wire scan refuses", () => {
  test.each([
    ["an unknown field", bytes(0x0a, 1, "r", 0x78, 1), "request", "field 15 is not known"],
    ["an unknown field inside", long(4, bytes(0x48, 1)), "fields[0]", "field 9 is not known"],
    ["field number 0", bytes(0x00, 1), "request", "field 0 is not known"],
    ["a singular field twice", bytes(0x0a, 1, "r", 0x0a, 1, "r"), "request_id", "given twice"],
    ["twice with others between", bytes(0x18, 1, 0x0a, 1, "r", 0x18, 1), "kind", "given twice"],
    ["a message given twice", bytes(0x3a, 0, 0x3a, 0), "lifetime", "given twice"],
    [
      "two of a oneof",
      long(4, bytes(0x12, 1, "t", 0x38, 7)),
      "fields[0].count",
      "two of the alternatives of value are given",
    ],
    [
      "one of a oneof twice",
      long(4, bytes(0x38, 1, 0x38, 7)),
      "fields[0].count",
      "two of the alternatives of value are given",
    ],
    ["bad UTF-8", bytes(0x12, 2, 0xc3, 0x28), "user_id", "not valid UTF-8"],
    ["half a surrogate", bytes(0x12, 3, 0xed, 0xa0, 0x80), "user_id", "not valid UTF-8"],
    ["a number for a string", bytes(0x10, 1), "user_id", "wire type 0 where string is expected"],
    ["a string for a number", bytes(0x1a, 1, "x"), "kind", "wire type 2 where int32 is expected"],
    ["a group", bytes(0x0b, 0x0c), "request_id", "wire type 3 where string is expected"],
    ["four bytes", bytes(0x1d, 0, 0, 0, 0), "kind", "wire type 5 where int32 is expected"],
    ["a string that ends too early", bytes(0x0a, 9, "r"), "request_id", "longer than what holds it"],
    ["a number cut short", bytes(0x18, 0x80), "kind", "cut short"],
    ["a longer spelling of a number", bytes(0x18, 0x81, 0x00), "kind", "a number is spelled in too many bytes"],
    [
      "an inner length beyond its holder",
      bytes(0x22, 2, 0x12, 5, 0x0a, 3, "abc"),
      "fields[0].text",
      "longer than what holds it",
    ],
    ["an enum beyond 32 bits", bytes(0x18, 0x80, 0x80, 0x80, 0x80, 0x10), "kind", "4294967296 does not fit int32"],
    [
      "a uint32 beyond 32 bits",
      bytes(0x48, 0x80, 0x80, 0x80, 0x80, 0x10),
      "content_versions[0]",
      "4294967296 does not fit uint32",
    ],
    ["a bool of 2", long(4, long(4, bytes(0x18, 2))), "fields[0].account.not_given", "2 does not fit bool"],
    ["a tag beyond 32 bits", bytes(0x8a, 0x80, 0x80, 0x80, 0x10, 1), "request", "a field number is too large"],
  ])("%s", (_name, wire, field, description) => {
    expect(scanMessage(CREATE, wire)).toEqual({ field, description });
  });

  test("a request to an RPC that does not exist", () => {
    expect(scanRequest("/countersign.core.v1.UserService/Delete", bytes())).toBeDefined();
  });
});

const account = fc.oneof(
  fc.record({ $case: fc.constant("iban" as const), value: fc.string() }),
  fc.record({ $case: fc.constant("other" as const), value: fc.string({ unit: "grapheme" }) }),
  fc.constant({ $case: "notGiven" as const, value: true }),
);
const amount = fc.record({ currency: fc.string(), minorUnits: fc.string() });
const value = fc.oneof(
  fc.record({ $case: fc.constant("text" as const), value: fc.string({ unit: "grapheme" }) }),
  fc.record({ $case: fc.constant("amount" as const), value: amount }),
  fc.record({ $case: fc.constant("account" as const), value: fc.record({ id: account }) }),
  fc.record({ $case: fc.constant("count" as const), value: fc.nat(2 ** 31) }),
  fc.record({ $case: fc.constant("digest" as const), value: fc.uint8Array().map((raw) => Buffer.from(raw)) }),
);
const create = fc
  .record({
    requestId: fc.string(),
    userId: fc.string({ unit: "grapheme" }),
    kind: fc.constantFrom(0, 1, 36),
    fields: fc.array(fc.record({ label: fc.constantFrom(1, 2, 48), value })),
    keyIds: fc.array(fc.string()),
    lifetime: fc.option(fc.record({ seconds: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), nanos: fc.integer() }), {
      nil: undefined,
    }),
    contentVersions: fc.array(fc.nat()),
  })
  .map((partial) => TransactionServiceCreateRequest.create(partial));

test("whatever our encoder writes is accepted, and a piece of it in front or behind is a repetition", () => {
  fc.assert(
    fc.property(create, (message) => {
      const wire = TransactionServiceCreateRequest.encode(message).finish();
      expect(scanMessage(CREATE, wire)).toBeUndefined();
      const again = TransactionServiceCreateRequest.encode(
        TransactionServiceCreateRequest.create({ requestId: "again" }),
      ).finish();
      const doubled = new Uint8Array([...wire, ...again]);
      expect(scanMessage(CREATE, doubled)?.description).toBe(message.requestId === "" ? undefined : "given twice");
    }),
  );
});

test("threat 19: mutated bytes are refused, or decode to a message that loses nothing when it is written again", () => {
  const mutation = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.boolean() });
  fc.assert(
    fc.property(create, fc.array(mutation, { minLength: 1, maxLength: 4 }), (message, mutations) => {
      let wire = new Uint8Array(TransactionServiceCreateRequest.encode(message).finish());
      for (const { at, byte, cut } of mutations) {
        if (wire.length === 0) break;
        wire[at % wire.length] = byte;
        if (cut) wire = wire.slice(0, at % wire.length);
      }
      if (scanMessage(CREATE, wire) !== undefined) return;
      const decoded = TransactionServiceCreateRequest.decode(wire);
      const rewritten = TransactionServiceCreateRequest.encode(decoded).finish();
      expect(TransactionServiceCreateRequest.toJSON(TransactionServiceCreateRequest.decode(rewritten))).toEqual(
        TransactionServiceCreateRequest.toJSON(decoded),
      );
    }),
    { numRuns: 2000 },
  );
});

test("threat 19: random bytes never crash the scan, and what it accepts the decoders take", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...Object.keys(MESSAGES)), (wire, name) => {
      const violation = scanMessage(name as `.${string}`, wire);
      expect(violation === undefined || violation.field.length > 0).toBe(true);
      if (violation !== undefined) return;
      if (name === ATTACH) AttachRequest.decode(wire);
      if (name === GRANT) TransactionServiceCreateGrantRequest.decode(wire);
    }),
    { numRuns: 5000 },
  );
});

test("every RPC's request is in the table", () => {
  expect(Object.keys(REQUESTS).length).toBeGreaterThan(30);
  for (const message of Object.values(REQUESTS)) expect(MESSAGES[message]).toBeDefined();
});
