// What a user can say to the bot, over the channels that can hear him, and what changes nothing however it is said.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { State } from "@countersign/proto/node/core/v1/content";
import { LinkState } from "@countersign/proto/node/core/v1/link_service";
import { UserState } from "@countersign/proto/node/core/v1/user_service";
import { tempFolder } from "@countersign/testing";
import { openChannelScene, peerTest as overMatrix, userOn, type Reachable } from "../people/channel-scene.ts";
import { enumName } from "../people/enum-name.ts";
import { TelegramWorld } from "../people/telegram-world.ts";
import { Hands, Reason } from "./hands.ts";
import { expectExit, type Scene } from "./scene.ts";

const folder = tempFolder();
let scene: Scene;

beforeAll(async () => {
  scene = await openChannelScene({ folder, mode: "B" });
}, 400_000);
afterAll(() => scene?.close(), 400_000);

const CHATS = ["telegram", "matrix"] as const;
type Chat = (typeof CHATS)[number];

/** What a command is answered with, once more than before. */
async function ask(hands: Hands, command: string, answer: string): Promise<string> {
  const before = await hands.count(answer);
  await hands.phone.send(command);
  return (await hands.phoneSays(answer, before + 1)).text;
}

/** Everything about a user that a command could change. */
async function standing({ desk: { userId } }: Reachable): Promise<object> {
  const { links, transactions, users } = scene.parts;
  const { user } = await users.get({ userId });
  const { channels } = await links.list({ userId });
  const { transactions: all } = await transactions.list({ userId, pageSize: 10, pageToken: "" });
  return {
    user: { state: user?.state, locale: user?.locale },
    channels: channels.map(({ platform, state }) => `${platform} ${enumName(LinkState, state)}`),
    transactions: all.map(({ state, triesLeft }) => `${enumName(State, state)} ${triesLeft}`),
  };
}

const userState = async ({ desk: { userId } }: Reachable): Promise<UserState | undefined> =>
  (await scene.parts.users.get({ userId })).user?.state;

for (const channel of CHATS) {
  const peerTest = channel === "matrix" ? overMatrix : test;
  const name = { telegram: "Telegram", matrix: "Matrix" }[channel];
  const encrypted = channel === "matrix" ? "This chat is end-to-end" : "This chat is not end-to-end";

  peerTest(
    `threat 14: ${channel}: what a command asks is told, in two languages`,
    async () => {
      const { hands } = await userOn(scene, channel, "mail");
      expect(await ask(hands, "/channels", "Your channels, in order")).toContain(`1. ${name}`);
      expect(await ask(hands, "/status", "Your confirmations: active")).toContain(encrypted);
      expect(await ask(hands, "/history", "The last transactions:")).toContain("executed");
      await ask(hands, "/pending", "Nothing waits for you.");
      expect(await ask(hands, "/help", "I can never approve one")).toContain("/freeze");
      await ask(hands, "/language xx", "Send /language with one of:");
      await ask(hands, "/language de", "Ab jetzt schreibe ich auf Deutsch.");
      expect(await ask(hands, "/channels", "Ihre Kanäle, der Reihe nach")).toContain(`1. ${name}`);
      await ask(hands, "/pending", "Nichts wartet auf Sie.");
      await ask(hands, "/history", "Die letzten Vorgänge:");
      expect(await ask(hands, "/help", "Genehmigen kann ich nie eine")).toContain("alles sofort stoppen");
      await ask(hands, "!approve", "Das habe ich nicht verstanden.");
    },
    400_000,
  );

  peerTest(
    `threat 14: ${channel}: a code, unknown, endless, edited, forwarded and repeated words change nothing`,
    async () => {
      const somebody = await userOn(scene, channel);
      const { hands, pay } = somebody;
      const client = pay();
      const code = await hands.codeFor(await hands.readAndProve());
      const before = await standing(somebody);
      expect(before).toMatchObject({ transactions: ["PENDING 3", expect.stringMatching(/^EXECUTED/)] });
      await ask(hands, code, "I never need a code, and ignored what you typed");
      for (const words of ["/approve", "/confirm now", `/freeze${"x".repeat(4_089)}`, "yes, confirm"]) {
        await ask(hands, words, "I did not understand that.");
      }
      await sayAsNobody(channel, somebody);
      await ask(hands, "/help", "I can never approve one");
      expect(await standing(somebody)).toEqual(before);
      await hands.reject(Reason.CHANGED_MY_MIND);
      await expectExit(client, 10);
    },
    400_000,
  );

  peerTest(
    `check 19: ${channel}: /freeze is told to the others, /thaw's code may come anywhere and the key thaws, /unlink cleans up`,
    async () => {
      const somebody = await userOn(scene, channel, "mail");
      const { hands, run, pay, chatId, desk } = somebody;
      const mail = new Hands({ ...desk, phoneUrl: scene.installation.phoneOf(chatId, "mail") });
      await ask(hands, "/freeze", "Frozen: nothing can be confirmed");
      await mail.phoneSays("Your confirmations are frozen");
      await expectExit(pay(), 23);
      await ask(hands, "/thaw", "A message with a code follows");
      const thawing = run("thaw");
      await hands.confirm();
      await expectExit(thawing, 0);
      await mail.phoneSays("Your confirmations work again");
      expect(await userState(somebody)).toBe(UserState.ACTIVE);

      const paying = pay();
      const pages = await hands.readAndProve();
      const code = await hands.codeFor(pages);
      await ask(hands, "/unlink", "Unlinked. No confirmation comes to this chat any more.");
      // The next channel gets the same code at once; the chat that left holds it no more.
      expect(await mail.codeFor(pages)).toBe(code);
      await noCodeIn(hands);
      await mail.phoneSays("A chat was unlinked from you");
      await hands.key.type(code);
      await expectExit(paying, 0);
      await ask(hands, "/unlink", "This chat is not linked to you");
      await ask(hands, "/freeze", "This chat is not linked to you");
      expect(await userState(somebody)).toBe(UserState.ACTIVE);
    },
    400_000,
  );
}

/** Commands that are not the user's own words at this moment. */
async function sayAsNobody(channel: Chat, { chatId }: Reachable): Promise<void> {
  if (channel === "telegram") {
    const world = new TelegramWorld(scene.installation.phoneOf(chatId, "telegram"));
    await world.forward(chatId, "/freeze");
    await world.edit(chatId, "/unlink");
    return;
  }
  const chat = await scene.installation.bot("matrix").service.matrix?.chat(chatId);
  if (chat === undefined) throw new Error("no Matrix here");
  const { phone, room } = chat;
  const said = await phone.say(room, "/pending");
  await phone.say(room, "* /freeze", {
    "m.new_content": { msgtype: "m.text", body: "/freeze" },
    "m.relates_to": { rel_type: "m.replace", event_id: said },
  });
  await phone.say(room, "/unlink", { "m.relates_to": { "m.in_reply_to": { event_id: said } } });
  await phone.sayInTheClear(room, "/freeze");
}

/** The code is gone from the chat, or goes in a moment. */
async function noCodeIn(hands: Hands): Promise<void> {
  const patience = AbortSignal.timeout(240_000);
  for (let seen = await hands.phone.look(undefined, patience); ;) {
    if (!seen.messages.some(({ text }) => /^Code: /m.test(text))) return;
    seen = await hands.phone.look(seen.version, patience);
  }
}
