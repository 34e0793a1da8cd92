import { randomBytes } from "node:crypto";
import { expect, test } from "@jest/globals";
import { decodeEnrolment, parseSigned, toHex } from "@countersign/protocol";
import { TestDevice } from "../testing/test-device.ts";
import { newKeyOf } from "./new-key.ts";

const device = new TestDevice("A-1", "acme-1");
const given = { serverId: new Uint8Array(randomBytes(16)), challenge: new Uint8Array(randomBytes(32)) };
const signed = device.enrol(given);
const map = decodeEnrolment(parseSigned(signed).payload);

test("a Countersign key is what its enrolment says, unused", () => {
  expect(newKeyOf(map, signed, { attestationKeys: [] })).toMatchObject({
    ...{ keyId: toHex(device.keyId), publicKey: device.publicKey, model: "acme-1", serial: "A-1" },
    ...{ hasDisplay: true, hasKeypad: true, enrolment: signed, counter: { highest: 0, seen: 0n } },
  });
});

test("claim 10: it is attested where the policy holds a key of its model, and not where a development core took it so", () => {
  const attestationKeys = [{ model: "acme-1", publicKey: device.attestationPublicKey }];
  expect(newKeyOf(map, signed, { attestationKeys }).attested).toBe(true);
  expect(newKeyOf(map, signed, { attestationKeys: [] })).not.toHaveProperty("attested");
  expect(newKeyOf(map, signed, { attestationKeys: [{ ...attestationKeys[0]!, model: "acme-2" }] })).not.toHaveProperty(
    "attested",
  );
});
