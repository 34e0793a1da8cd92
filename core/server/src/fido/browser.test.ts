// WebAuthn in a real browser: what a Chromium and its virtual authenticator make is judged by the core's one verifier.
import { existsSync } from "node:fs";
import { testWith } from "@countersign/testing";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { FidoRegistrationRequest } from "@countersign/proto/node/core/v1/key_service";
import { decodeFidoCredential, fingerprintOf, fromHex, verifyReceipt } from "@countersign/protocol";
import { decodeAttestationObject } from "@simplewebauthn/server/helpers";
import { beginEnrolment } from "../identity/begin-enrolment.ts";
import { finishEnrolment } from "../identity/finish-enrolment.ts";
import { confirmFingerprint } from "../identity/key-change.ts";
import type { Key } from "../identity/key.ts";
import { parsePolicy } from "../policy/policy-document.ts";
import { receiptOf } from "../receipt/receipt-service.ts";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { CHROMIUM, WebauthnBrowser, type Authenticator, type WebauthnPage } from "../testing/webauthn-browser.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { submitStatement } from "../verification/submit-statement.ts";
import { readRegistration } from "./read-registration.ts";

const browserTest = testWith("chromium", existsSync(CHROMIUM));
const LONG = 400_000;
const USB: Authenticator = { transport: "usb" };
/** As phones and PCs have it: the credential is copied to the owner's other devices. */
const PASSKEY: Authenticator = {
  transport: "internal",
  hasResidentKey: true,
  defaultBackupEligibility: true,
  defaultBackupState: true,
};

let browser: WebauthnBrowser;
beforeAll(async () => {
  if (existsSync(CHROMIUM)) browser = await WebauthnBrowser.open();
}, LONG);
afterAll(() => browser?.close());

interface Site {
  readonly world: CoreWorld;
  readonly page: WebauthnPage;
}

async function open(authenticator: Authenticator, webauthn: object = {}): Promise<Site> {
  const policy = { webauthn: { rpId: "localhost", origins: [browser.origin], ...webauthn } };
  const world = await CoreWorld.open({ policy });
  await world.changeKey(world.identity, world.key.keyId, { state: "REVOKED", neverActive: true });
  const page = await browser.page();
  await page.plug(authenticator);
  return { world, page };
}

let requests = 0;

/** Begins in the core, asks in the page, finishes in the core. */
async function enrol(
  { world, page }: Site,
  asked: Parameters<WebauthnPage["register"]>[2] = {},
): Promise<Key | Refusal> {
  requests += 1;
  const { tenantId, userId, given } = world;
  const use = { tenantId, by: "app", rpc: "enrolment.begin", requestId: `r ${requests}`, bodyHash: new Uint8Array(32) };
  const begun = await beginEnrolment(given, use, { userId, serial: undefined, digits: false, fido: true });
  if (isRefusal(begun) || begun.fido === undefined) throw new Error("the core asks for no FIDO2 key");
  const registration = await page.register(begun.fido, begun.challenge, asked);
  const proof = { kind: "fido2", registration } as const;
  const finished = await finishEnrolment(given, { kind: "enrolment" }, { token: begun.token, name: "", proof });
  return isRefusal(finished) ? finished : finished.key;
}

/** Enrolled, confirmed by a person, past its hold. */
async function enrolled(site: Site): Promise<{ readonly key: Key; readonly fido: NonNullable<Key["fido"]> }> {
  const key = await enrol(site);
  if (isRefusal(key) || key.fido === undefined) throw new Error("no FIDO2 key was enrolled");
  const { given, tenantId } = site.world;
  const fingerprint = fingerprintOf(key.publicKey);
  const active = await confirmFingerprint(given, { tenantId, keyId: key.keyId, fingerprint }, "test");
  if (isRefusal(active)) throw new Error(active.message);
  return { key: active, fido: key.fido };
}

async function answer({ world }: Site, of: Transaction, signed: Uint8Array): Promise<string> {
  const found = await submitStatement(world.given, { txId: of.txId, tenantId: world.tenantId, signed });
  return isRefusal(found) ? found.refused : found.state;
}

browserTest(
  "check 19: a security key enrols in a page and confirms a transaction there; the receipt verifies",
  async () => {
    const site = await open(USB);
    const { world, page } = site;
    const { key, fido } = await enrolled(site);
    expect(key).toMatchObject({ model: "FIDO2 key", fido: { passkey: false, transports: ["usb"], rpId: "localhost" } });
    const of = await world.pending();
    expect(of).toMatchObject({ mode: "C", keyIds: [key.keyId] });
    const asked = { keyId: key.keyId, ...fido };
    const wrong = await page.assert(world, of, asked, { code: world.wrongCode(of) });
    expect(await answer(site, of, wrong)).toBe("WRONG_CODE");
    expect(await answer(site, of, await page.assert(world, of, asked))).toBe("CONFIRMED");
    expect((await world.loadKey(key.keyId)).counter.highest).toBeGreaterThan(key.counter.highest);
    const receipt = await receiptOf(world.given, await world.transaction(of.txId));
    if (isRefusal(receipt)) throw new Error(receipt.message);
    const pinned = { serverId: fromHex(world.given.serverId), publicKeys: [world.given.secrets.publicKey] };
    expect(verifyReceipt(receipt, pinned)).toMatchObject({
      ok: true,
      proof: { kind: "assertion", origin: browser.origin, rpId: "localhost", userVerified: true },
    });
  },
  LONG,
);

browserTest(
  "threat 05: a page that the policy does not name gets no key enrolled, and no transaction confirmed",
  async () => {
    const site = await open(USB);
    const { world, page } = site;
    const { key, fido } = await enrolled(site);
    await page.visit(browser.otherOrigin);
    expect(await enrol(site).catch(() => "refused by the key")).toBe("refused by the key"); // excluded: it holds one
    const of = await world.pending();
    const signed = await page.assert(world, of, { keyId: key.keyId, ...fido });
    expect(await answer(site, of, signed)).toBe("BAD_SIGNATURE");
    const fresh = await open(USB);
    await fresh.page.visit(browser.otherOrigin);
    expect(await enrol(fresh)).toMatchObject({ refused: "STATEMENT_MISMATCH" });
  },
  LONG,
);

browserTest(
  "threat 05: what was made for another relying party counts neither at enrolment nor later",
  async () => {
    const site = await open(USB);
    const { world, page } = site;
    const challenge = new Uint8Array(32).fill(7);
    const request = FidoRegistrationRequest.create({
      rpId: "localhost",
      userHandle: Buffer.alloc(32, 1),
      userName: "e",
    });
    const registration = await page.register(request, challenge);
    const policy = parsePolicy({ webauthn: { rpId: "localhost", origins: [browser.origin] } });
    const expected = { challenge, policy, now: world.given.store.now() };
    expect(await readRegistration(registration, { ...expected, rpId: "bank.example" })).toMatchObject({
      refused: "STATEMENT_MISMATCH",
    });
    expect(await readRegistration(registration, { ...expected, rpId: "localhost" })).not.toHaveProperty("refused");
    const { key, fido } = await enrolled(site);
    await world.changeKey(world.identity, key.keyId, { fido: { ...fido, rpId: "bank.example" } });
    const of = await world.pending();
    const signed = await page.assert(world, of, { keyId: key.keyId, ...fido });
    expect(await answer(site, of, signed)).toBe("BAD_SIGNATURE");
  },
  LONG,
);

browserTest(
  "threat 06: a browser's own attestation is verified, and attests nothing that no root of the policy vouches for",
  async () => {
    const site = await open(USB);
    const key = await enrol(site, { attestation: "direct" });
    if (isRefusal(key)) throw new Error(key.message);
    const { attestationObject } = decodeFidoCredential(key.enrolment);
    expect(decodeAttestationObject(Uint8Array.from(attestationObject)).get("fmt")).toBe("packed");
    expect(key.attested).toBeUndefined();
  },
  LONG,
);

browserTest(
  "threat 29: without user verification no key enrols and no transaction is confirmed",
  async () => {
    const simple = await open({ ...USB, hasUserVerification: false, isUserVerified: false });
    expect(await enrol(simple, { userVerification: "discouraged" })).toMatchObject({ refused: "POLICY_UNMET" });
    const site = await open(USB);
    const { world, page } = site;
    const { key, fido } = await enrolled(site);
    const of = await world.pending();
    const asked = { keyId: key.keyId, ...fido };
    const touched = await page.assert(world, of, asked, { userVerification: "discouraged" });
    expect(await answer(site, of, touched)).toBe("POLICY_UNMET");
    expect(await answer(site, of, await page.assert(world, of, asked))).toBe("CONFIRMED");
  },
  LONG,
);

browserTest(
  "threat 05: a copy of the credential is found by its counter",
  async () => {
    const site = await open(USB);
    const { world, page } = site;
    const { key, fido } = await enrolled(site);
    const of = await world.pending();
    const asked = { keyId: key.keyId, ...fido };
    await page.setCounter(50);
    const wrong = await page.assert(world, of, asked, { code: world.wrongCode(of) });
    expect(await answer(site, of, wrong)).toBe("WRONG_CODE");
    await page.setCounter(20);
    expect(await answer(site, of, await page.assert(world, of, asked))).toBe("COUNTER_REGRESSION");
    await page.setCounter(60);
    expect(await answer(site, of, await page.assert(world, of, asked))).toBe("CONFIRMED");
  },
  LONG,
);

browserTest(
  "check 19: a passkey is refused, or taken and labelled, as the policy says; its backup state is followed",
  async () => {
    const refusing = await open(PASSKEY);
    expect(await enrol(refusing)).toMatchObject({ refused: "ATTESTATION_UNTRUSTED" });
    const site = await open(PASSKEY, { passkeys: "allowed" });
    const { world, page } = site;
    const { key, fido } = await enrolled(site);
    expect(key).toMatchObject({ model: "Passkey", fido: { passkey: true, backupEligible: true, backedUp: true } });
    expect(fido.transports).toContain("internal");
    await page.setBackedUp(fido.credentialId, false);
    const of = await world.pending();
    expect(await answer(site, of, await page.assert(world, of, { keyId: key.keyId, ...fido }))).toBe("CONFIRMED");
    expect((await world.loadKey(key.keyId)).fido).toMatchObject({ backupEligible: true, backedUp: false });
  },
  LONG,
);
