// What the phone receives and displays, seen by programs that are not ours where there is one: line for line, once each.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Transaction } from "@countersign/proto/node/core/v1/transaction_service";
import { tempFolder } from "@countersign/testing";
import type { ChannelName } from "../chat/chat-service.ts";
import { newPayment } from "../new-payment.ts";
import { peerTest, openChannelScene, userOn } from "../people/channel-scene.ts";
import { Hands } from "./hands.ts";
import type { Scene } from "./scene.ts";

/** At most five prompts a minute reach a user, and up to two of them link his chats. English is in every other test. */
const LOCALES = ["de", "ar", "zh"] as const;
const CODE = /(?<!\d)\d{3}\s?\d{3}(?!\d)/g;
const folder = tempFolder();
let scene: Scene;

beforeAll(async () => {
  scene = await openChannelScene({ folder, mode: "B" });
}, 400_000);
afterAll(() => scene?.close(), 400_000);

/** How often each value of the transaction stands in a text, and how many codes do. */
function counted(text: string, { lines }: Transaction): { values: number[]; codes: number } {
  const values = lines.map(({ value }) => text.split(value).length - 1);
  const rest = lines.reduce((left, { value }) => left.replaceAll(value, ""), text);
  return { values, codes: [...rest.matchAll(CODE)].length };
}

/** A prompt in each language: `channel` shows it, `tongue` is where the user says which language he wants. */
async function inEveryLanguage(channel: ChannelName, tongue: ChannelName): Promise<object[]> {
  const seen: object[] = [];
  const { desk, chatId } = await userOn(scene, ...new Set([channel, tongue]));
  const phoneOn = (name: ChannelName): Hands =>
    new Hands({ ...desk, phoneUrl: scene.installation.phoneOf(chatId, name) });
  for (const locale of LOCALES) {
    await phoneOn(tongue).phone.send(`/language ${locale}`);
    await spoken(desk.userId, locale);
    const transaction = await newPayment(scene.parts, desk.userId);
    const { text } = await phoneOn(channel).phoneSays(transaction.lines.at(-1)?.value ?? "");
    seen.push({ locale, ...counted(text, transaction) });
    const { transactionId } = transaction;
    await scene.parts.transactions.cancel({ transactionId, reason: "seen" });
  }
  return seen;
}

/** The core has heard of the wish, which it answers in that language; nobody waits for the answer here. */
async function spoken(userId: string, locale: string): Promise<void> {
  const patience = AbortSignal.timeout(240_000);
  while ((await scene.parts.users.get({ userId })).user?.locale !== locale) patience.throwIfAborted();
}

const ONCE_EACH = LOCALES.map((locale) => ({ locale, values: [1, 1, 1, 1], codes: 1 }));

test.each(["telegram", "mail"] as const)(
  "claim 15: %s: the phone displays every delivered line and the code exactly once, in every language",
  async (channel) => {
    expect(await inEveryLanguage(channel, "telegram")).toEqual(ONCE_EACH);
  },
  400_000,
);
peerTest(
  "claim 15: matrix: so does a phone of another make",
  async () => {
    expect(await inEveryLanguage("matrix", "matrix")).toEqual(ONCE_EACH);
  },
  400_000,
);
