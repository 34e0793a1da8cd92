// A person without a Countersign key: the security key in the drawer, through the daemon, with real processes. Mode C, and
// weaker: the code is typed on the PC and the key shows nothing.
import { randomUUID } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { EMULATOR_AAGUID, fromHex, toHex, txDigestOf, verifyReceipt } from "@countersign/protocol";
import { Mode, State } from "@countersign/proto/node/core/v1/content";
import { KeyState, KeyType } from "@countersign/proto/node/core/v1/key_service";
import type { Transaction } from "@countersign/proto/node/core/v1/transaction_service";
import { Step, type Assertion, type SignResponse } from "@countersign/proto/node/device/v1/device_service";
import { tempFolder } from "@countersign/testing";
import { startChild, type Child } from "@countersign/testing/child";
import { startInstallation, type Installation } from "../installation.ts";
import { newPayment } from "../new-payment.ts";
import { connect, last, type Parts } from "../parts.ts";
import { readMessage } from "../person/read-message.ts";
import { Hands, wrongOf } from "./hands.ts";

const PIN = "482913";
const userId = "alice";
const folder = tempFolder();
let installation: Installation;
let children: Child[] = [];
let parts: Parts;
let hands: Hands;
let keyId = "";

/** At each prompt for a PIN the user types it; at one for a code he does nothing, as the client asks him. */
function pinentryThatTypes(pin: string): string {
  const path = join(folder, "pinentry");
  const answers = `
const text = [];
console.log("OK");
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  if (line.startsWith("SET")) text.push(line);
  if (line === "BYE") process.exit(0);
  if (line !== "GETPIN") console.log("OK");
  else if (/PIN/.test(text.join())) console.log("D ${pin}\\nOK");
});`;
  writeFileSync(`${path}.cjs`, answers);
  writeFileSync(path, `#!/bin/sh\nexec "${process.execPath}" "${path}.cjs"\n`);
  chmodSync(path, 0o700);
  return path;
}

beforeAll(async () => {
  installation = await startInstallation({ folder: join(folder, "core"), mode: "C" });
  const socket = join(folder, "key.sock");
  mkdirSync(join(folder, "d"), { mode: 0o700 });
  const daemonSocket = join(folder, "d", "daemon.sock");
  const key = await startChild("device-daemon/emulator/src/main.ts", [
    ...["--profile", "fido2", "--fido-socket", socket, "--control", "0", "--store", join(folder, "key")],
  ]);
  children = [key];
  const daemon = await startChild("device-daemon/daemon/src/main.ts", [
    ...["--socket", daemonSocket, "--fido-socket", socket, "--pinentry", pinentryThatTypes(PIN)],
  ]);
  children = [daemon, key];
  parts = connect(installation, `unix:${daemonSocket}`);
  const phoneUrl = installation.phoneOf("7000");
  hands = new Hands({ keyUrl: String(key.ready["control"]), phoneUrl, pin: PIN });
  await parts.users.create({ requestId: "user", userId, phrase: "blue teapot", locale: "en" });
  for await (const { keys } of parts.device.watchKeys({})) if (keys.length > 0) break;
  await last(parts.device.setPin({ deviceId: "" }));
}, 400_000);

afterAll(async () => {
  parts?.close();
  for (const child of children) await child.stop();
  await installation?.stop();
});

/** The client asks the FIDO2 key for a transaction; the user types the code of his chat on the PC and touches the key. */
async function assertFor(transaction: Transaction, alter = (code: string): string => code): Promise<Assertion> {
  const { transactionId, fido, tag } = transaction;
  const fidoCredentials = (fido?.keys ?? []).map((one) => ({ keyId: one.keyId, credentialId: one.credentialId }));
  const request = { ...parts.toSign(transaction), fidoCredentials, rpId: fido?.rpId ?? "", tag };
  const asked = Promise.withResolvers<void>();
  const signing = last(noting(parts.device.sign(request as never), asked.resolve));
  const message = await hands.phoneSays(tag);
  // Before it asks for the code the daemon takes none.
  await Promise.race([asked.promise, signing]);
  await parts.device.answer({ transactionId, code: alter(readMessage(message)?.code ?? "") });
  await hands.keyShows("fido");
  await hands.key.press("ok");
  const { event } = await signing;
  if (event?.$case !== "assertion") throw new Error(`the key made no assertion: ${event?.$case}`);
  return event.value;
}

/** Passes the messages of a Sign, and tells when it asks for the code. */
async function* noting(messages: AsyncIterable<SignResponse>, asked: () => void): AsyncGenerator<SignResponse, void> {
  for await (const message of messages) {
    if (message.event?.$case === "step" && message.event.value === Step.CODE) asked();
    yield message;
  }
}

async function submit(transaction: Transaction, assertion: Assertion): Promise<void> {
  await parts.verification.submitAssertion({ transactionId: transaction.transactionId, ...assertion });
}

test("check 19: the key is enrolled with its attestation, and active once a person confirms it", async () => {
  const begun = await parts.keys.beginEnrolment({ requestId: randomUUID(), userId, fido: true });
  const { rpId = "", userHandle = Buffer.alloc(0), userName = "" } = begun.fido ?? {};
  const { serverId, serverName, challenge } = begun;
  const fido = { rpId, userHandle, userName, excludeCredentialIds: [] };
  const enrolling = last(parts.device.enrol({ deviceId: "", serverId, serverName, challenge, digits: false, fido }));
  await hands.keyShows("fido");
  await hands.key.press("ok");
  const { event } = await enrolling;
  if (event?.$case !== "fido") throw new Error("the key made no credential");
  const { key } = await parts.keys.finishEnrolment({ enrolmentToken: begun.enrolmentToken, fido: event.value });
  expect(key).toMatchObject({ state: KeyState.PROVISIONAL, type: KeyType.FIDO2, hasDisplay: false, hasKeypad: false });
  expect(key?.fido?.aaguid).toBe(EMULATOR_AAGUID);
  keyId = key?.keyId ?? "";
  const fingerprint = key?.fingerprint ?? "";
  expect((await parts.keys.confirmFingerprint({ keyId, fingerprint })).key?.state).toBe(KeyState.ACTIVE);
}, 400_000);

test("check 20: a chat is linked with it", async () => {
  const { linkId, linkToken } = await parts.links.beginLink({
    ...{ requestId: randomUUID(), userId, platform: installation.platform, address: "" },
  });
  await hands.phone.send(`/start ${linkToken}`);
  let state = 0;
  for await (const progress of parts.links.watchLink({ linkId, userId })) {
    ({ state } = progress);
    if (state >= 3) break;
    if (progress.transaction === undefined) continue;
    await submit(progress.transaction, await assertFor(progress.transaction));
  }
  expect(state).toBe(3);
}, 400_000);

test("claim 06: a payment in mode C over a FIDO2 key: wrong code, right code, executed; the receipt says it is weaker", async () => {
  const transaction = await newPayment(parts, userId);
  expect(transaction).toMatchObject({ mode: Mode.C, keyIds: [keyId], fido: { keys: [{ keyId }] } });
  const wrong = await assertFor(transaction, wrongOf);
  await expect(submit(transaction, wrong)).rejects.toThrow("The code is wrong");
  await submit(transaction, await assertFor(transaction));
  const { transactionId } = transaction;
  for await (const { transaction: seen } of parts.transactions.watch({ transactionId }))
    if (seen?.state === State.EXECUTED) break;
  const { receipt } = await parts.receipts.get({ transactionId });
  const pinned = { serverId: fromHex(installation.serverId), publicKeys: [fromHex(installation.corePublicKey)] };
  const finding = verifyReceipt(new Uint8Array(receipt), pinned);
  expect(finding).toMatchObject({ ok: true, proof: { kind: "assertion", origin: "countersign:native" } });
  expect(finding.ok && toHex(txDigestOf(finding.receipt.content))).toBe(toHex(new Uint8Array(transaction.txDigest)));
}, 400_000);

test("claim 06: what malware puts under the touch instead is TAMPERED, as the code was read beside other lines", async () => {
  const meant = await newPayment(parts, userId);
  const other = await newPayment(parts, userId);
  const { contentVersion, issuerName, kind, lines } = other;
  const assertion = await assertFor({ ...meant, contentVersion, issuerName, kind, lines });
  await expect(submit(meant, assertion)).rejects.toThrow("showed other content");
  expect((await parts.transactions.get({ transactionId: meant.transactionId })).transaction?.state).toBe(
    State.TAMPERED,
  );
}, 400_000);
