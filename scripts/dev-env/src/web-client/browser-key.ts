// A security key in Chromium: its own virtual authenticator, enrolled for a user whose chat it links. Through a page of the bank.
import { randomUUID } from "node:crypto";
import {
  CodeEntry,
  codeProofOf,
  Decision,
  encodeContent,
  encodeStatement,
  fidoChallengeOf,
  fromHex,
  Shown,
  txDigestOf,
  UserVerification,
  type Kind,
  type Label,
} from "@countersign/protocol";
import type { Transaction } from "@countersign/proto/node/core/v1/transaction_service";
import type { Page } from "playwright-core";
import type { Parts } from "../parts.ts";
import { PhoneInHand } from "../person/phone-in-hand.ts";
import { readMessage } from "../person/read-message.ts";

/** Plugs a key with a fingerprint sensor in, whose owner touches it at once. */
export async function plugIn(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      ...{ protocol: "ctap2", ctap2Version: "ctap2_1", transport: "usb", hasUserVerification: true },
      ...{ isUserVerified: true, automaticPresenceSimulation: true },
    },
  });
}

/** Makes a user with this key alone, and links his chat by it. */
export async function enrolInBrowser(page: Page, parts: Parts, userId: string, phoneUrl: string): Promise<void> {
  await parts.users.create({ requestId: `user-${userId}`, userId, phrase: "blue teapot", locale: "en" });
  const begun = await parts.keys.beginEnrolment({ requestId: randomUUID(), userId, fido: true });
  const made = await run(page, CREATE, {
    ...{
      challenge: hex(begun.challenge),
      rpId: begun.fido?.rpId,
      user: hex(begun.fido?.userHandle ?? []),
      name: userId,
    },
  });
  const fido = {
    ...{ credentialId: bytes(made["id"]), clientDataJson: bytes(made["client"]) },
    ...{ attestationObject: bytes(made["attestation"]), transports: ["usb"] },
  };
  const { key } = await parts.keys.finishEnrolment({ enrolmentToken: begun.enrolmentToken, fido });
  await parts.keys.confirmFingerprint({ keyId: key?.keyId ?? "", fingerprint: key?.fingerprint ?? "" });
  const link = { requestId: randomUUID(), userId, platform: parts.platform, address: "" };
  const { linkId, linkToken } = await parts.links.beginLink(link);
  await new PhoneInHand(phoneUrl).send(`/start ${linkToken}`);
  for await (const { state, transaction } of parts.links.watchLink({ linkId, userId })) {
    if (state >= 3) return;
    if (transaction !== undefined) await assertIn(page, parts, transaction, await codeOn(phoneUrl, transaction.tag));
  }
}

/** The code of the message with this tag, once it is there. */
export async function codeOn(phoneUrl: string, tag: string): Promise<string> {
  const phone = new PhoneInHand(phoneUrl);
  const patience = AbortSignal.timeout(60_000);
  for (let chat = await phone.look(undefined, patience); ; chat = await phone.look(chat.version, patience)) {
    const read = chat.messages.map(readMessage).findLast((each) => each?.tag === tag);
    if (read !== undefined) return read.code;
  }
}

async function assertIn(page: Page, parts: Parts, of: Transaction, code: string): Promise<void> {
  const { transactionId, contentVersion: version, issuerName: issuer, nonce, fido } = of;
  const lines = of.lines.map(({ label, value }) => ({ label: label as Label, value }));
  const txDigest = txDigestOf(encodeContent({ version, issuer, kind: of.kind as Kind, lines }));
  const statement = encodeStatement({
    ...{ version: 1, serverId: fromHex(of.serverId), txId: fromHex(transactionId), nonce, txDigest },
    codeProof: codeProofOf(nonce, txDigest, code),
    ...{ decision: Decision.APPROVE, shown: Shown.NOTHING, codeEntry: CodeEntry.HOST },
    ...{ userVerification: UserVerification.NONE, counter: 0 },
  });
  const [key] = fido?.keys ?? [];
  const asked = { challenge: hex(fidoChallengeOf(statement)), rpId: fido?.rpId, id: hex(key?.credentialId ?? []) };
  const made = await run(page, GET, asked);
  await parts.verification.submitAssertion({
    ...{
      transactionId,
      keyId: key?.keyId ?? "",
      statement: Buffer.from(statement),
      signature: bytes(made["signature"]),
    },
    ...{ authenticatorData: bytes(made["data"]), clientDataJson: bytes(made["client"]) },
  });
}

const hex = (of: Uint8Array | readonly number[]): string => Buffer.from(of).toString("hex");
const bytes = (text: string | undefined): Buffer => Buffer.from(text ?? "", "hex");

function run(page: Page, body: string, asked: object): Promise<Record<string, string>> {
  return page.evaluate(`(async () => { const asked = ${JSON.stringify(asked)}; ${BYTES} ${body} })()`);
}

// As text: a page's own types are none of this package's.
const BYTES = `const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const text = (buffer) => Array.from(new Uint8Array(buffer), (one) => one.toString(16).padStart(2, "0")).join("");`;
const CREATE = `
  const made = await navigator.credentials.create({ publicKey: {
    challenge: bytes(asked.challenge), rp: { id: asked.rpId, name: "Acme Bank" },
    user: { id: bytes(asked.user), name: asked.name, displayName: asked.name },
    pubKeyCredParams: [{ type: "public-key", alg: -7 }],
    authenticatorSelection: { userVerification: "required", residentKey: "discouraged" }, attestation: "none" } });
  return { id: text(made.rawId), client: text(made.response.clientDataJSON), attestation: text(made.response.attestationObject) };`;
const GET = `
  const made = await navigator.credentials.get({ publicKey: { challenge: bytes(asked.challenge), rpId: asked.rpId,
    userVerification: "required", allowCredentials: [{ type: "public-key", id: bytes(asked.id) }] } });
  return { data: text(made.response.authenticatorData), client: text(made.response.clientDataJSON), signature: text(made.response.signature) };`;
