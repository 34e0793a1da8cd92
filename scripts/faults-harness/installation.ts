// What a campaign works on: a tenant with two apps, a bot, and people with a key and a chat each.
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  KeyServiceBeginEnrolmentRequest,
  KeyServiceFinishEnrolmentRequest,
  KeyServiceService,
} from "@countersign/proto/node/core/v1/key_service";
import { LinkServiceService, type LinkServiceWatchLinkResponse } from "@countersign/proto/node/core/v1/link_service";
import type { Transaction } from "@countersign/proto/node/core/v1/transaction_service";
import { UserServiceService } from "@countersign/proto/node/core/v1/user_service";
import { VerificationServiceService } from "@countersign/proto/node/core/v1/verification_service";
import { runOnce } from "@countersign/testing/child";
import { Metadata } from "@grpc/grpc-js";
import { SoftKey } from "../bench-harness/soft-key.ts";
import { CallBook, Caller } from "./caller.ts";
import { startCoreProcess } from "./core-process.ts";
import { Bot, Phone, PLATFORM } from "./phone.ts";

/** One who confirms. */
export interface Person {
  readonly userId: string;
  readonly peerId: string;
  readonly key: SoftKey;
  /** When he was last prompted, by this machine's clock, oldest first. */
  readonly prompts: number[];
}

export interface Installation {
  readonly folder: string;
  /** Where the store is, as flags of the core. */
  readonly store: readonly string[];
  readonly secrets: string;
  /** The tokens of its programs. */
  readonly submitter: Metadata;
  readonly executor: Metadata;
  readonly bot: Metadata;
  readonly people: readonly Person[];
  readonly phone: Phone;
}

/** Flags of `serve` on an installation. */
export function coreFlags({ store, secrets }: Pick<Installation, "store" | "secrets">): string[] {
  return [...store, "--secrets", secrets, "--log-level", "warn", "--development"];
}

/** A payment lives as long as it may: it is not to end because a loaded machine is slow. */
const PATIENT = { lifetimeS: 540, claimByS: 3600, modes: ["A", "B"] };

const PATIENCE_MS = 180_000;

/** Makes one in a folder of the caller's own. `store`: flags; by default the embedded store in the folder. */
export async function makeInstallation(
  folder: string,
  people: number,
  store: readonly string[] = ["--data", join(folder, "data")],
): Promise<Installation> {
  const secrets = join(folder, "secrets");
  const names = [
    "--tenant",
    "bank",
    "--issuer",
    "Example Bank",
    "--app",
    "shop:submit",
    "--app",
    "ledger:execute",
    "--bot",
    `bot:${PLATFORM}`,
  ];
  const out = join(folder, "tokens");
  const policy = join(folder, "policy.json");
  writeFileSync(policy, JSON.stringify(PATIENT));
  await runOnce("core/server/src/main.ts", [
    "bootstrap",
    ...store,
    "--secrets",
    secrets,
    "--out",
    out,
    "--policy",
    policy,
    ...names,
  ]);
  const bearer = (name: string): Metadata => bearerOf(join(out, `${name}.token`));
  const apps = { submitter: bearer("shop"), executor: bearer("ledger") };
  const made = { ...{ folder, store, secrets }, ...apps, bot: bearer("bot"), phone: new Phone() };
  return { ...made, people: await setUpPeople(made, people) };
}

function bearerOf(file: string): Metadata {
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${readFileSync(file, "utf8").trim()}`);
  return metadata;
}

async function setUpPeople(of: Omit<Installation, "people">, count: number): Promise<Person[]> {
  const core = startCoreProcess({ args: coreFlags(of) });
  const address = await core.serving;
  if (address === undefined) throw new Error(`the core did not start:\n${core.output()}`);
  const caller = new Caller(address, new CallBook(), PATIENCE_MS);
  const bot = new Bot(address, of.bot, of.phone);
  try {
    await bot.attached;
    const numbers = Array.from({ length: count }, (_, i) => i);
    const people: Person[] = [];
    const work = async (): Promise<void> => {
      for (let i = numbers.shift(); i !== undefined; i = numbers.shift())
        people.push(await setUpPerson(of, caller, bot, i));
    };
    await Promise.all([work(), work(), work(), work()]);
    return people;
  } finally {
    bot.close();
    caller.close();
    await core.stop();
  }
}

async function setUpPerson(
  { submitter, phone }: Omit<Installation, "people">,
  caller: Caller,
  bot: Bot,
  number: number,
): Promise<Person> {
  const key = new SoftKey(`FAULT-${number}`);
  const person = { userId: `person-${number}`, peerId: String(1000 + number), key, prompts: [Date.now()] };
  const { userId, peerId } = person;
  const asked = { requestId: `user-${userId}`, userId, phrase: "blue teapot", locale: "en" };
  await caller.call(UserServiceService.create, asked, submitter);
  const begin = KeyServiceBeginEnrolmentRequest.create({ requestId: `key-${userId}`, userId, serial: key.serial });
  const begun = await caller.call(KeyServiceService.beginEnrolment, begin, submitter);
  const signedEnrolment = Buffer.from(key.enrol(begun));
  const finish = KeyServiceFinishEnrolmentRequest.create({ enrolmentToken: begun.enrolmentToken, signedEnrolment });
  await caller.call(KeyServiceService.finishEnrolment, finish, submitter);
  const link = { requestId: `link-${userId}`, userId, platform: PLATFORM, address: "" };
  const { linkId, linkToken } = await caller.call(LinkServiceService.beginLink, link, submitter);
  await bot.claim(peerId, linkToken);
  const transaction = await linkTransaction(caller, submitter, { linkId, userId });
  const { tag, lines } = transaction;
  const code = await phone.codeFor({ peerId, tag, lines }, [], AbortSignal.timeout(PATIENCE_MS));
  const signedStatement = Buffer.from(key.approve(transaction, code));
  const { transactionId } = transaction;
  await caller.call(VerificationServiceService.submitStatement, { transactionId, signedStatement }, submitter);
  return person;
}

/** The first thing that WatchLink tells of a claimed link. */
async function linkTransaction(
  caller: Caller,
  who: Metadata,
  of: { readonly linkId: string; readonly userId: string },
): Promise<Transaction> {
  const { path, requestSerialize, responseDeserialize } = LinkServiceService.watchLink;
  const deadline = { deadline: Date.now() + PATIENCE_MS };
  const stream = caller
    .client()
    .makeServerStreamRequest(path, requestSerialize, responseDeserialize, of, who, deadline);
  const [told] = (await once(stream, "data")) as [LinkServiceWatchLinkResponse];
  stream.on("error", () => {}); // it is told that it was cancelled
  stream.cancel();
  if (told.transaction === undefined) throw new Error(`the chat was not linked: ${told.reason}`);
  return told.transaction;
}
