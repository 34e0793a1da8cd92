// Users with a key and a chat each, set up over the same calls that a relying party and its users make.
import { once } from "node:events";
import {
  KeyServiceBeginEnrolmentRequest,
  KeyServiceFinishEnrolmentRequest,
  KeyServiceService,
} from "@countersign/proto/node/core/v1/key_service";
import { LinkServiceService, type LinkServiceWatchLinkResponse } from "@countersign/proto/node/core/v1/link_service";
import type { Transaction } from "@countersign/proto/node/core/v1/transaction_service";
import { UserServiceService } from "@countersign/proto/node/core/v1/user_service";
import { VerificationServiceService } from "@countersign/proto/node/core/v1/verification_service";
import type { Metadata } from "@grpc/grpc-js";
import type { BenchBot } from "./bench-bot.ts";
import { PLATFORM } from "./bench-core.ts";
import { SoftKey } from "./soft-key.ts";
import type { Wire } from "./wire.ts";

/** A user who may confirm: his key is ACTIVE, his chat LINKED. */
export interface BenchUser {
  readonly userId: string;
  readonly peerId: string;
  readonly key: SoftKey;
  /** When he was prompted, oldest first, by this machine's clock. */
  readonly prompts: number[];
}

/** Enrols a key bound by its serial and links a chat, whose LINK the key signs with the code that the chat got. */
export async function setUpUser(app: Wire, metadata: Metadata, bot: BenchBot, index: number): Promise<BenchUser> {
  const user = {
    userId: `bench-${index}`,
    peerId: String(1_000_000 + index),
    key: new SoftKey(`BENCH-${index}`),
    prompts: [],
  };
  const { userId, key } = user;
  await app.call(UserServiceService.create, {
    requestId: `user-${userId}`,
    userId,
    phrase: "blue teapot",
    locale: "en",
  });
  const begin = KeyServiceBeginEnrolmentRequest.create({ requestId: `key-${userId}`, userId, serial: key.serial });
  const begun = await app.call(KeyServiceService.beginEnrolment, begin);
  const signedEnrolment = Buffer.from(key.enrol(begun));
  const finish = KeyServiceFinishEnrolmentRequest.create({ enrolmentToken: begun.enrolmentToken, signedEnrolment });
  await app.call(KeyServiceService.finishEnrolment, finish);
  await linkChat(app, metadata, bot, user);
  return user;
}

async function linkChat(app: Wire, metadata: Metadata, bot: BenchBot, user: BenchUser): Promise<void> {
  const { userId, peerId, key, prompts } = user;
  const begin = { requestId: `link-${userId}`, userId, platform: PLATFORM, address: "" };
  const { linkId, linkToken } = await app.call(LinkServiceService.beginLink, begin);
  await bot.claim(peerId, linkToken);
  const transaction = await linkTransaction(app, metadata, { linkId, userId });
  const code = await bot.codeFor(peerId, transaction.tag);
  const signedStatement = Buffer.from(key.approve(transaction, code));
  const { transactionId } = transaction;
  await app.call(VerificationServiceService.submitStatement, { transactionId, signedStatement });
  prompts.push(Date.now());
}

/** The first thing that WatchLink tells of a claimed link. */
async function linkTransaction(
  app: Wire,
  metadata: Metadata,
  of: { readonly linkId: string; readonly userId: string },
): Promise<Transaction> {
  const { path, requestSerialize, responseDeserialize } = LinkServiceService.watchLink;
  const deadline = { deadline: Date.now() + 60_000 };
  const stream = app
    .client()
    .makeServerStreamRequest(path, requestSerialize, responseDeserialize, of, metadata, deadline);
  const [told] = (await once(stream, "data")) as [LinkServiceWatchLinkResponse];
  stream.on("error", () => {}); // it is told that it was cancelled
  stream.cancel();
  if (told.transaction === undefined) throw new Error(`the chat was not linked: ${told.reason}`);
  return told.transaction;
}
