import { describe, expect, test } from "@jest/globals";
import { EMULATOR_AAGUID, fromHex } from "@countersign/protocol";
import { withoutEmulators } from "../identity/emulator.ts";
import type { FidoDetails } from "../identity/key.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { TestFidoKey } from "../testing/test-fido-key.ts";
import { createTransaction } from "../transaction/create.ts";
import { aaguidText, isBiometricModel, modelNameOf, whyModelIsRefused, type KeyModel } from "./key-model.ts";
import { parsePolicy } from "./policy-document.ts";

const AAGUID = "11112222-3333-4444-5555-666677778888";
const bytes = (aaguid: string): Uint8Array => fromHex(aaguid.replaceAll("-", ""));

function fidoKey(change: Partial<FidoDetails> = {}, attested = false): KeyModel {
  const fido = new TestFidoKey("x", bytes(AAGUID)).details(change);
  return { model: "FIDO2 key", fido, ...(attested ? { attested } : {}) };
}

test("an AAGUID is written as a UUID, and names a FIDO2 key's model", () => {
  expect(aaguidText(bytes(AAGUID))).toBe(AAGUID);
  expect(modelNameOf(fidoKey())).toBe(AAGUID);
  expect(modelNameOf({ model: "acme-1" })).toBe("acme-1");
});

describe("which keys a policy takes", () => {
  const listed = { fidoModels: [AAGUID] };
  test.each<[string, object, KeyModel, string]>([
    ["a Countersign model that it names", { keyModels: ["acme-1"] }, { model: "acme-1" }, ""],
    ["a Countersign model that it does not", { keyModels: ["acme-1"] }, { model: "acme-2" }, "keys of model acme-2"],
    ["any FIDO2 key, without a list", {}, fidoKey(), ""],
    ["a listed model, attested", listed, fidoKey({}, true), ""],
    ["a listed model, not attested", listed, fidoKey(), "attests that it is of model"],
    ["another model, attested", listed, fidoKey({ aaguid: new Uint8Array(16) }, true), "FIDO2 keys of model 0000"],
    ["a passkey", {}, fidoKey({ passkey: true }), "passkeys"],
    ["a passkey where they are allowed", { webauthn: { passkeys: "allowed" } }, fidoKey({ passkey: true }), ""],
    ["a FIDO2 key whose name is a Countersign model's", { keyModels: [] }, { ...fidoKey(), model: "emulator" }, ""],
  ])("%s", (_name, policy, key, why) => {
    expect(whyModelIsRefused(parsePolicy(policy), key) ?? "").toMatch(why === "" ? /^$/ : why);
  });

  test("no emulator outside development, whatever the document says", () => {
    const policy = parsePolicy({ fidoModels: [EMULATOR_AAGUID] });
    const tenant = { tenantId: "aa", name: "a", issuer: "a", policy, policyVersion: 1 };
    const key = fidoKey({ aaguid: bytes(EMULATOR_AAGUID) }, true);
    expect(whyModelIsRefused(withoutEmulators(tenant, true).policy, key)).toBeUndefined();
    expect(whyModelIsRefused(withoutEmulators(tenant, false).policy, key)).toContain("--development");
  });
});

test("threat 06: a FIDO2 key of the emulator that enrolled in development signs nothing on a production core", async () => {
  const world = await CoreWorld.open();
  await world.changeKey(world.identity, world.key.keyId, { state: "REVOKED" });
  const key = new TestFidoKey("x", bytes(EMULATOR_AAGUID));
  await key.addTo(world);
  const made = await createTransaction({ ...world.given, development: false }, world.draft());
  expect(isRefusal(made) && made.refused).toBe("KEY_NOT_ACCEPTED");
  expect((await world.pending()).keyIds).toEqual([key.keyId]);
});

test("claim 10: a finger counts from a model that is attested and listed", () => {
  const policy = { biometricModels: [AAGUID, "acme-1"] };
  expect(isBiometricModel(policy, fidoKey({}, true))).toBe(true);
  expect(isBiometricModel(policy, fidoKey())).toBe(false);
  expect(isBiometricModel(policy, { model: "acme-1", attested: true })).toBe(true);
  expect(isBiometricModel(policy, { model: "acme-1" })).toBe(false);
  expect(isBiometricModel({}, { model: "acme-1", attested: true })).toBe(false);
  // A FIDO2 key goes by its AAGUID, whatever it is called.
  expect(isBiometricModel({ biometricModels: ["acme-1"] }, { ...fidoKey({}, true), model: "acme-1" })).toBe(false);
});
