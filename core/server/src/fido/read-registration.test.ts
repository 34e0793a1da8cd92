import { randomBytes } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { concatBytes, decodeFidoCredential, fromHex, utf8 } from "@countersign/protocol";
import fc from "fast-check";
import type { NewKey } from "../identity/new-key.ts";
import { parsePolicy } from "../policy/policy-document.ts";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import { CERTIFICATES, EVIL_KEY, LEAF_AAGUID, LEAF_KEY, ROOTS } from "../testing/attestation-certificates.ts";
import { newTestKey } from "../testing/core-world.ts";
import { TestFidoKey } from "../testing/test-fido-key.ts";
import { registrationOf, type RegisterChange } from "../testing/test-registration.ts";
import { readRegistration, type Registration } from "./read-registration.ts";

const NOW = Date.parse("2026-11-22T14:30:00Z");
const challenge = new Uint8Array(randomBytes(32));
const RP_ID = "bank.example";
const ORIGIN = "https://pay.bank.example";
const webauthn = { rpId: RP_ID, origins: [ORIGIN] };
const model = new TestFidoKey(RP_ID, fromHex(LEAF_AAGUID.replaceAll("-", "")));
const attestation = { key: LEAF_KEY, x5c: [CERTIFICATES.leaf] };
const fidoRoots = [{ certificate: ROOTS.test, aaguid: LEAF_AAGUID, model: "Test Key 5" }];

function read(registration: Registration, policy: object = {}): Promise<NewKey | Refusal> {
  const document = parsePolicy({ webauthn, ...policy });
  return readRegistration(registration, { challenge, rpId: RP_ID, policy: document, now: NOW });
}

async function reason(change: RegisterChange, policy: object = {}, key = model): Promise<string> {
  const found = await read(registrationOf(key, challenge, change), policy);
  return isRefusal(found) ? found.refused : found.attested === true ? "attested" : "taken";
}

test("an honest key without attestation is taken for what it is", async () => {
  const found = await read(registrationOf(model, challenge, { signCount: 4 }));
  expect(found).toMatchObject({
    ...{ keyId: model.keyId, publicKey: model.publicKey, model: "FIDO2 key", hasDisplay: false, hasKeypad: false },
    fido: { credentialId: model.credentialId, rpId: RP_ID, passkey: false, backupEligible: false, transports: ["usb"] },
    counter: { highest: 4 },
  });
  expect(found).not.toHaveProperty("attested");
  const kept = isRefusal(found) ? undefined : decodeFidoCredential(found.enrolment);
  expect(kept).toMatchObject({ rpId: RP_ID, credentialId: model.credentialId });
});

test("a key whose model a trusted root attests", async () => {
  const found = await read(registrationOf(model, challenge, { attestation }), { fidoRoots });
  expect(found).toMatchObject({ attested: true, model: "Test Key 5" });
});

describe("threat 06: what is refused", () => {
  test.each<[string, RegisterChange, string]>([
    ["an assertion's client data", { clientData: { type: "webauthn.get" } }, "STATEMENT_MISMATCH"],
    ["another challenge", { clientData: { challenge: "A".repeat(43) } }, "STATEMENT_MISMATCH"],
    ["a foreign origin", { clientData: { origin: "https://bank.example" } }, "STATEMENT_MISMATCH"],
    ["a frame of another site", { clientData: { crossOrigin: true } }, "STATEMENT_MISMATCH"],
    ["client data that is no JSON", { clientData: { origin: 7 } }, "BAD_INPUT"],
    ["another relying party", { rpId: "evil.example" }, "STATEMENT_MISMATCH"],
    ["no user verification", { flags: 0x41 }, "POLICY_UNMET"],
    ["no touch", { flags: 0x44 }, "POLICY_UNMET"],
    ["no credential", { flags: 0x05 }, "BAD_INPUT"],
    [
      "a public key that is on no curve",
      { publicKey: concatBytes(model.publicKey.slice(0, -1), Uint8Array.of(0)) },
      "BAD_INPUT",
    ],
    ["a key of another algorithm", { publicKey: withAlgorithm(0x27) }, "BAD_INPUT"],
    ["a transport of another name", { transports: ["carrier pigeon"] }, "BAD_INPUT"],
    ["more transports than there are", { transports: Array<string>(9).fill("usb") }, "BAD_INPUT"],
    ["a passkey by its transport", { transports: ["internal"] }, "ATTESTATION_UNTRUSTED"],
    ["a phone", { transports: ["hybrid"] }, "ATTESTATION_UNTRUSTED"],
    ["a credential that may be copied", { flags: 0x4d }, "ATTESTATION_UNTRUSTED"],
    ["an attestation by another key", { attestation: { ...attestation, key: EVIL_KEY } }, "BAD_SIGNATURE"],
    ["an attestation over other data", { attestation, after: (bytes) => flipCounter(bytes) }, "BAD_SIGNATURE"],
    [
      "a self attestation over other data",
      { attestation: "self", after: (bytes) => flipCounter(bytes) },
      "BAD_SIGNATURE",
    ],
  ])("threat 06: %s", async (_name, change, expected) => {
    expect(await reason(change)).toBe(expected);
  });

  test("threat 06: another credential than it says", async () => {
    const registration = registrationOf(model, challenge);
    const other = { ...registration, credentialId: new TestFidoKey(RP_ID).credentialId };
    expect(await read(other)).toMatchObject({ refused: "STATEMENT_MISMATCH" });
  });

  test.each([
    ["a list", "80"],
    ["a number", "00"],
    ["null", "f6"],
    ["text", "60"],
    ["true", "f5"],
  ])("threat 19: an attestation statement that is %s", async (_name, hex) => {
    for (const format of ["none", "packed"]) {
      expect(await reason({ raw: { format, statement: fromHex(hex) } })).toBe("BAD_INPUT");
    }
  });

  test("threat 06: nothing at all, or too much", async () => {
    const registration = registrationOf(model, challenge);
    const empty = new Uint8Array();
    for (const change of [
      { credentialId: empty },
      { clientDataJson: new Uint8Array(2049) },
      { attestationObject: empty },
    ])
      expect(await read({ ...registration, ...change })).toMatchObject({ refused: "BAD_INPUT" });
  });
});

describe("attested, and by whom", () => {
  const strict = { fidoModels: [LEAF_AAGUID], fidoRoots };
  const otherRoot = [{ certificate: ROOTS.other }];
  const deep = { key: LEAF_KEY, x5c: [CERTIFICATES.deepLeaf, CERTIFICATES.intermediate] };
  const below = { key: EVIL_KEY, x5c: [CERTIFICATES.belowLeaf, CERTIFICATES.leaf] };

  test.each<[string, RegisterChange, object, string]>([
    ["without attestation, no list", {}, {}, "taken"],
    ["attested, but nobody is trusted", { attestation }, {}, "taken"],
    ["attested, under another root", { attestation }, { fidoRoots: otherRoot }, "taken"],
    ["attested", { attestation }, { fidoRoots }, "attested"],
    ["attested through an authority in between", { attestation: deep }, { fidoRoots }, "attested"],
    ["attested by a leaf's own child", { attestation: below }, { fidoRoots }, "taken"],
    ["attested by itself", { attestation: "self" }, { fidoRoots }, "taken"],
    ["listed and attested", { attestation }, strict, "attested"],
    ["listed, and not attested", {}, strict, "ATTESTATION_UNTRUSTED"],
    ["listed, and attested by itself", { attestation: "self" }, strict, "ATTESTATION_UNTRUSTED"],
    [
      "listed, and attested under another root",
      { attestation },
      { ...strict, fidoRoots: otherRoot },
      "ATTESTATION_UNTRUSTED",
    ],
  ])("threat 06: %s", async (_name, change, policy, expected) => {
    expect(await reason(change, policy)).toBe(expected);
  });

  test("threat 06: a genuine certificate, as text behind the bytes of a stranger's", async () => {
    // Any key of the model gives its certificate to whoever asks it; OpenSSL looks for PEM before it looks for DER.
    const disguised = concatBytes(CERTIFICATES.belowLeaf, utf8(`\n${ROOTS.leaf}\n`));
    const forged = { key: EVIL_KEY, x5c: [disguised] };
    expect(await reason({ attestation: forged }, { fidoRoots })).toBe("taken");
    expect(await reason({ attestation: forged }, strict)).toBe("ATTESTATION_UNTRUSTED");
  });

  test("threat 06: a certificate for another model than the key says", async () => {
    const liar = new TestFidoKey(RP_ID, new Uint8Array(16).fill(5));
    expect(await reason({ attestation }, { fidoRoots }, liar)).toBe("BAD_INPUT");
  });
});

test("passkeys are taken where the policy says so, and called that", async () => {
  const policy = { webauthn: { ...webauthn, passkeys: "allowed" } };
  const phone = await read(
    registrationOf(model, challenge, { flags: 0x5d, transports: ["internal", "hybrid"] }),
    policy,
  );
  expect(phone).toMatchObject({ model: "Passkey", fido: { passkey: true, backupEligible: true, backedUp: true } });
});

test("threat 06: whatever is altered of an attested registration, no other key comes of it, and nothing is thrown", async () => {
  const { attestationObject, ...rest } = registrationOf(model, challenge, { attestation });
  const trusting = { fidoModels: [LEAF_AAGUID], fidoRoots };
  const alteration = fc.tuple(fc.nat(attestationObject.length - 1), fc.integer({ min: 1, max: 255 }));
  await fc.assert(
    fc.asyncProperty(alteration, async ([at, change]) => {
      const altered = attestationObject.slice();
      altered[at]! ^= change;
      const found = await read({ ...rest, attestationObject: altered }, trusting);
      expect(isRefusal(found) ? model.publicKey : found.publicKey).toEqual(model.publicKey);
    }),
    { numRuns: 400 },
  );
});

function withAlgorithm(alg: number): Uint8Array {
  const key = newTestKey().publicKey.slice();
  key[4] = alg;
  return key;
}

/** The last byte of the signature counter. */
function flipCounter(authData: Uint8Array): Uint8Array {
  const changed = authData.slice();
  changed[36]! ^= 1;
  return changed;
}
