// A token of scope submit may lie on a user's PC, and a FIDO2 key may be a program: together they make any number of keys.
import { randomUUID } from "node:crypto";
import { beforeEach, expect, test } from "@jest/globals";
import { fingerprintOf } from "@countersign/protocol";
import { isRefusal } from "../rpc/refusal.ts";
import { CoreWorld, drawHexId } from "../testing/core-world.ts";
import { TestFidoKey } from "../testing/test-fido-key.ts";
import { registrationOf } from "../testing/test-registration.ts";
import { beginEnrolment } from "./begin-enrolment.ts";
import { finishEnrolment } from "./finish-enrolment.ts";
import { confirmFingerprint } from "./key-change.ts";
import { MOST_KEYS } from "./key-room.ts";

let world: CoreWorld;
beforeEach(async () => {
  world = await CoreWorld.open();
});

/** By malware or by somebody honest: nothing that the core sees tells them apart. */
async function enrol(): Promise<{ readonly key: TestFidoKey; readonly answer: string }> {
  const requestId = randomUUID();
  const use = {
    tenantId: world.tenantId,
    by: drawHexId(),
    rpc: "enrolment.begin",
    requestId,
    bodyHash: new Uint8Array(32),
  };
  const asked = { userId: world.userId, serial: undefined, digits: false, fido: true };
  const begun = await beginEnrolment(world.given, use, asked);
  const key = new TestFidoKey(isRefusal(begun) ? "x" : (begun.fido?.rpId ?? ""));
  if (isRefusal(begun)) return { key, answer: begun.refused };
  const registration = registrationOf(key, begun.challenge);
  const request = { token: begun.token, name: "", proof: { kind: "fido2", registration } } as const;
  const finished = await finishEnrolment(world.given, { kind: "enrolment" }, request);
  return { key, answer: isRefusal(finished) ? finished.refused : finished.key.state };
}

test("check 19: any number of keys that nobody confirms does not keep the user's own out", async () => {
  await world.changeKey(world.identity, world.key.keyId, { state: "REVOKED", neverActive: true });
  for (let i = 0; i < MOST_KEYS + 3; i++) expect((await enrol()).answer).toBe("PROVISIONAL");
  const { key, answer } = await enrol();
  expect(answer).toBe("PROVISIONAL");
  const name = { tenantId: world.tenantId, keyId: key.keyId, fingerprint: fingerprintOf(key.publicKey) };
  expect(await confirmFingerprint(world.given, name, "test")).toMatchObject({ state: "ACTIVE" });
  expect((await world.user()).keyIds).toHaveLength(MOST_KEYS);
});

test("check 19: a key that was ever active stays known, and what left in its place is revoked", async () => {
  const { key } = await enrol();
  for (let i = 0; i < MOST_KEYS + 3; i++) await enrol();
  const { keyIds } = await world.user();
  expect(keyIds).toHaveLength(MOST_KEYS);
  expect(keyIds).toContain(world.key.keyId);
  expect(keyIds).not.toContain(key.keyId);
  expect(await world.loadKey(key.keyId)).toMatchObject({ state: "REVOKED", neverActive: true });
  expect((await world.loadKey()).state).toBe("ACTIVE");
});

test("keys that were all active once are the most there can be", async () => {
  for (let i = 1; i < MOST_KEYS; i++) {
    const key = new TestFidoKey("bank.example");
    await key.addTo(world, world.identity, { state: "REVOKED" });
  }
  expect((await enrol()).answer).toBe("STATE_CONFLICT");
});
