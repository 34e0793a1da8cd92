// A whole installation from nothing to its first change, over real gRPC: the one-time token in its file, a key, a chat.
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { sign } from "node:crypto";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import {
  CodeEntry,
  codeProofOf,
  Decision,
  encodeStatement,
  fingerprintOf,
  fromHex,
  Shown,
  SignatureType,
  signMessage,
  UserVerification,
} from "@countersign/protocol";
import {
  AdminServiceClient,
  AdminServiceClaimRequest,
  AdminServiceListBotsRequest,
  ChangeState,
  Role,
} from "@countersign/proto/node/admin/v1/admin_service";
import { ChannelServiceClient } from "@countersign/proto/node/channel/v1/channel_service";
import {
  KeyServiceClient,
  KeyServiceFinishEnrolmentRequest,
  KeyState,
} from "@countersign/proto/node/core/v1/key_service";
import type { LinkServiceWatchLinkResponse } from "@countersign/proto/node/core/v1/link_service";
import type { Transaction } from "@countersign/proto/node/core/v1/transaction_service";
import { VerificationServiceClient } from "@countersign/proto/node/core/v1/verification_service";
import { credentials } from "@grpc/grpc-js";
import { tempFolder } from "@countersign/testing";
import { bootstrap } from "../bootstrap.ts";
import type { CoreConfig } from "../config.ts";
import { ScriptedBot } from "../channel/testing/scripted-bot.ts";
import { askClaim } from "../channel/testing/linking.ts";
import { openLog } from "../log.ts";
import { startCore, type RunningCore } from "../start-core.ts";
import { ADMINISTRATION } from "../store/entity.ts";
import { hashOf } from "../testing/admin-world.ts";
import { call, refused } from "../testing/call.ts";
import { bearer } from "../testing/serve-world.ts";
import { TestDevice } from "../testing/test-device.ts";
import { FIRST_ADMIN_FILE } from "./first-admin.ts";

const root = tempFolder();
let runs = 0;
let folder: string;
let core: RunningCore;
let config: CoreConfig;
let admins: AdminServiceClient;
let closing: { close(): void }[];
const logged: string[] = [];

async function start(): Promise<void> {
  core = await startCore(config, openLog("info", { write: (line) => void logged.push(line) }));
  admins = new AdminServiceClient(core.address, credentials.createInsecure());
  closing = [admins];
}

async function stop(): Promise<void> {
  for (const client of closing) client.close();
  await core.drain();
}

beforeEach(async () => {
  folder = join(root, `${(runs += 1)}`);
  const [data, secrets] = [join(folder, "data"), join(folder, "secrets")];
  const named = { tenant: "administration", issuer: "Countersign admin", policy: undefined, apps: [] };
  const bots = [{ name: "desk", platform: "sandbox" }] as const;
  await bootstrap({ ...named, data, secrets, out: join(folder, "out"), bots, development: true });
  config = {
    ...{ data, secrets, store: undefined, tls: undefined, web: undefined, admin: undefined, maxStreams: 100 },
    ...{ listen: { host: "127.0.0.1", port: 0 }, development: true, logLevel: "info" },
  };
  logged.length = 0;
  await start();
});
afterEach(() => stop());

const tokenFile = (): string => join(folder, "secrets", FIRST_ADMIN_FILE);
const readToken = (): string => readFileSync(tokenFile(), "utf8").trim();
const OWN = `cs_admin_${"a".repeat(43)}`;

function claim(token: string, adminId: string, own = OWN): Promise<unknown> {
  const request = AdminServiceClaimRequest.create({ adminId, tokenSha256: hashOf(own), phrase: "red kite" });
  return call(admins, "claim", request, token);
}

test("the file is its owner's alone, its path is told and its token is not; it is good once", async () => {
  expect(statSync(tokenFile()).mode & 0o777).toBe(0o600);
  const token = readToken();
  const told = logged.join("\n");
  expect(told).toContain(tokenFile());
  expect(told).not.toContain(token);
  expect((await refused(call(admins, "whoAmI", {}, token))).reason).toBe("NOT_ALLOWED");
  await claim(token, "anna");
  await claim(token, "anna"); // the answer was lost
  expect((await refused(claim(token, "eve", `cs_admin_${"e".repeat(43)}`))).reason).toBe("STATE_CONFLICT");
  expect((await refused(claim(token, "anna", `cs_admin_${"e".repeat(43)}`))).reason).toBe("STATE_CONFLICT");
  const { admin, mayConfirmOwnKey } = await call(admins, "whoAmI", {}, OWN);
  expect(admin).toMatchObject({ adminId: "anna", role: Role.OWNER, tenantId: "" });
  expect(mayConfirmOwnKey).toBe(true);
  await stop();
  await start();
  expect(existsSync(tokenFile())).toBe(false);
});

test("unclaimed, it stays through a start; lost, there is another one and the old one is worth nothing", async () => {
  const token = readToken();
  await stop();
  await start();
  expect(readToken()).toBe(token);
  await stop();
  rmSync(tokenFile());
  await start();
  expect(readToken()).not.toBe(token);
  expect((await refused(claim(token, "eve"))).reason).toBe("UNAUTHENTICATED");
  await claim(readToken(), "anna");
});

test("from the file to the first change: key, chat, ADMIN, each signed on the key with the code of the phone", async () => {
  await claim(readToken(), "anna");
  const device = new TestDevice();
  const keyId = await enrol(device);
  expect((await call(admins, "whoAmI", {}, OWN)).hasKey).toBe(false);
  const fingerprint = fingerprintOf(device.publicKey);
  const { key } = await call(admins, "confirmOwnKey", { keyId, fingerprint }, OWN);
  expect(key?.state).toBe(KeyState.ACTIVE);
  expect((await refused(call(admins, "confirmOwnKey", { keyId, fingerprint }, OWN))).reason).toBe("STATE_CONFLICT");
  const bot = await attach();
  await link(bot, device);
  expect(await call(admins, "whoAmI", {}, OWN)).toMatchObject({ hasKey: true, hasChat: true, mayConfirmOwnKey: false });
  const what = {
    $case: "createBot",
    value: { name: "second", platform: "sandbox", tokenSha256: hashOf("cs_bot_x") },
  } as const;
  const request = { requestId: "r1", tenantId: ADMINISTRATION, action: { what } };
  const asked = await call(admins, "requestChange", request, OWN);
  await signOn(device, bot, asked.transaction, asked.confirmationToken);
  const changeId = asked.change?.changeId ?? "";
  await until(async () => (await call(admins, "getChange", { changeId }, OWN)).change?.state === ChangeState.APPLIED);
  const ofBots = AdminServiceListBotsRequest.create({ tenantId: ADMINISTRATION });
  const listed = async () => (await call(admins, "listBots", ofBots, OWN)).bots;
  expect((await listed()).map(({ name }) => name)).toEqual(["desk", "second"]);
  await until(async () => (await listed())[0]?.attached === true);
  bot.kill();
});

async function enrol(device: TestDevice): Promise<string> {
  const keys = new KeyServiceClient(core.address, credentials.createInsecure());
  closing.push(keys);
  const { enrolment } = await call(admins, "beginOwnEnrolment", { requestId: "k1", fido: false }, OWN);
  const given = { serverId: fromHex(core.serverId), challenge: new Uint8Array(enrolment?.challenge ?? []) };
  const request = KeyServiceFinishEnrolmentRequest.create({
    enrolmentToken: enrolment?.enrolmentToken ?? "",
    signedEnrolment: Buffer.from(device.enrol(given)),
  });
  const { key } = await call(keys, "finishEnrolment", request);
  expect(key?.state).toBe(KeyState.PROVISIONAL);
  return key?.keyId ?? "";
}

async function attach(): Promise<ScriptedBot> {
  const channel = new ChannelServiceClient(core.address, credentials.createInsecure());
  closing.push(channel);
  const bot = new ScriptedBot(channel, readFileSync(join(folder, "out/desk.token"), "utf8").trim());
  await bot.hello();
  // As every bot does: the core's clock is the machine's here, and the lease is 15 s of it.
  const beating = setInterval(() => {
    if (!bot.over) bot.write({ $case: "beat", value: { fence: bot.fence } });
  }, 1000);
  closing.push({ close: () => clearInterval(beating) });
  return bot;
}

async function link(bot: ScriptedBot, device: TestDevice): Promise<void> {
  const begun = await call(admins, "beginOwnLink", { requestId: "l1", platform: "sandbox", address: "" }, OWN);
  const { linkId = "", linkToken = "" } = begun.link ?? {};
  const stream = admins.watchOwnLink({ linkId }, bearer(OWN));
  const claimed = new Promise<LinkServiceWatchLinkResponse>((resolve, reject) => {
    stream.on("error", reject);
    stream.on("data", ({ link: told }: { link?: LinkServiceWatchLinkResponse }) => {
      if (told?.transaction !== undefined) resolve(told);
    });
  });
  const over = new Promise<void>((resolve) => stream.on("end", () => resolve()));
  await askClaim(bot, linkToken);
  const { transaction, confirmationToken } = await claimed;
  await signOn(device, bot, transaction, confirmationToken);
  await over;
}

let counter = 0;

/** What an honest key does, with the code that stands in the chat. */
async function signOn(device: TestDevice, bot: ScriptedBot, tx: Transaction | undefined, token: string): Promise<void> {
  if (tx === undefined) throw new Error("there is nothing to sign");
  const verification = new VerificationServiceClient(core.address, credentials.createInsecure());
  closing.push(verification);
  const { code } = await bot.until(() => bot.phone.withCode().find(({ content }) => content.tag === tx.tag)?.content);
  const [nonce, txDigest] = [new Uint8Array(tx.nonce), new Uint8Array(tx.txDigest)];
  const statement = encodeStatement({
    ...{ version: 1, serverId: fromHex(tx.serverId), txId: fromHex(tx.transactionId), nonce, txDigest },
    codeProof: codeProofOf(nonce, txDigest, code),
    ...{ decision: Decision.APPROVE, shown: Shown.ALL, codeEntry: CodeEntry.KEY },
    ...{ userVerification: UserVerification.PIN, counter: (counter += 1) },
  });
  const signed = signMessage(
    SignatureType.STATEMENT,
    device.keyId,
    statement,
    (bytes) => new Uint8Array(sign("sha256", bytes, { key: device.privateKey, dsaEncoding: "ieee-p1363" })),
  );
  const request = { transactionId: tx.transactionId, signedStatement: Buffer.from(signed) };
  await call(verification, "submitStatement", request, token);
}

/** The core carries changes out in its own time; the bound is for a machine that stands still. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error("it did not come within a minute");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
