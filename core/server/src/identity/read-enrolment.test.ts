import { randomBytes } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { SignatureType } from "@countersign/protocol";
import fc from "fast-check";
import { isRefusal } from "../rpc/refusal.ts";
import { newKey, TestDevice, type EnrolLies } from "../testing/test-device.ts";
import { readEnrolment, type Expected } from "./read-enrolment.ts";

const serverId = new Uint8Array(randomBytes(16));
const challenge = new Uint8Array(randomBytes(32));
const other = new Uint8Array(randomBytes(32));

const device = new TestDevice();
const real = new TestDevice("R-1", "acme-1");

const expected = (over: Partial<Expected> = {}): Expected => ({
  serverId,
  challenge,
  serial: undefined,
  policy: {
    keyModels: ["emulator", "acme-1", "acme-2"],
    attestationKeys: [{ model: "acme-1", publicKey: real.attestationPublicKey }],
  },
  development: true,
  ...over,
});

const reasonOf = (signed: Uint8Array, over: Partial<Expected> = {}): string | undefined => {
  const read = readEnrolment(signed, expected(over));
  return isRefusal(read) ? read.refused : undefined;
};

test("an honest device is read", () => {
  expect(readEnrolment(device.enrol({ serverId, challenge }), expected())).toMatchObject({
    model: "emulator",
    serial: "E-1",
  });
  expect(reasonOf(real.enrol({ serverId, challenge }), { development: false })).toBeUndefined();
});

describe("threat 06: a dishonest one is refused", () => {
  const lies: [string, EnrolLies, string][] = [
    ["signed by another key", { signer: newKey() }, "BAD_SIGNATURE"],
    ["another type of signature", { type: SignatureType.STATEMENT }, "BAD_SIGNATURE"],
    ["another signer named", { kid: new Uint8Array(16) }, "STATEMENT_MISMATCH"],
    ["for another core", { map: { serverId: new Uint8Array(16) } }, "STATEMENT_MISMATCH"],
    ["another challenge", { map: { challenge: other } }, "STATEMENT_MISMATCH"],
    ["a model that the policy does not name", { map: { model: "evil" } }, "ATTESTATION_UNTRUSTED"],
    ["a model other than attested", { map: { model: "acme-2" } }, "ATTESTATION_UNTRUSTED"],
    ["a serial other than attested", { map: { serial: "E-2" } }, "ATTESTATION_UNTRUSTED"],
    ["attested for another core", { attestation: { serverId: new Uint8Array(16) } }, "ATTESTATION_UNTRUSTED"],
    ["attested for another credential", { attestation: { challenge: other } }, "ATTESTATION_UNTRUSTED"],
    ["an attestation of another type", { attestationType: SignatureType.RECEIPT }, "ATTESTATION_UNTRUSTED"],
    ["no attestation at all", { map: { attestation: new Uint8Array([0x80]) } }, "BAD_INPUT"],
  ];
  test.each(lies)("%s", (_name, lie, reason) => {
    expect(reasonOf(device.enrol({ serverId, challenge }, lie))).toBe(reason);
  });

  test("a serial other than the token's", () => {
    expect(reasonOf(device.enrol({ serverId, challenge }), { serial: "E-2" })).toBe("ATTESTATION_UNTRUSTED");
    expect(reasonOf(device.enrol({ serverId, challenge }), { serial: "E-1" })).toBeUndefined();
  });

  test("another device that claims a trusted model", () => {
    const false1 = new TestDevice("R-1", "acme-1");
    expect(reasonOf(false1.enrol({ serverId, challenge }))).toBe("ATTESTATION_UNTRUSTED");
  });
});

describe("a production core", () => {
  test.each(["emulator", "Emulator 2", "my-emulator"])("refuses %s, whatever the policy says", (model) => {
    const one = new TestDevice("E-1", model);
    const policy = { keyModels: [model], attestationKeys: [{ model, publicKey: one.attestationPublicKey }] };
    expect(reasonOf(one.enrol({ serverId, challenge }), { development: false, policy })).toBe("ATTESTATION_UNTRUSTED");
    expect(reasonOf(one.enrol({ serverId, challenge }), { development: true, policy })).toBeUndefined();
  });

  test("refuses a model that it holds no attestation key of", () => {
    const unknown = new TestDevice("X", "acme-2");
    expect(reasonOf(unknown.enrol({ serverId, challenge }), { development: false })).toBe("ATTESTATION_UNTRUSTED");
  });
});

test("one changed byte anywhere is refused, and nothing throws", () => {
  const signed = device.enrol({ serverId, challenge });
  fc.assert(
    fc.property(fc.nat(signed.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
      const changed = signed.slice();
      changed[at] = (changed[at] ?? 0) ^ by;
      const read = readEnrolment(changed, expected());
      // ECDSA is malleable, but not by one byte.
      expect(isRefusal(read)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test("random bytes are bad input", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(reasonOf(bytes)).toBe("BAD_INPUT");
    }),
  );
});
