// Whose chat, whose address: linking over every channel, and everybody who would like to be linked in somebody's place.
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import type { ChannelName } from "../chat/chat-service.ts";
import { linkedChats, unlinkedUser } from "../people/unlinked.ts";
import { peerTest, openChannelScene, userOn, type Reachable } from "../people/channel-scene.ts";
import { TelegramWorld } from "../people/telegram-world.ts";
import { Hands, Reason } from "./hands.ts";
import { expectExit, type Run, type Scene } from "./scene.ts";

const NOT_VALID = "This link is not valid any more";
const folder = tempFolder();
let scene: Scene;

beforeAll(async () => {
  scene = await openChannelScene({ folder, mode: "B" });
}, 400_000);
afterAll(() => scene?.close(), 400_000);

/** A phone of its own on a channel, with the scene's key beside it. */
const phoneOn = (channel: ChannelName, chatId: string): Hands =>
  new Hands({ ...scene.desk, phoneUrl: scene.installation.phoneOf(chatId, channel) });

/** `countersign link CHANNEL`, and the token that the user would show to the bot. */
async function beginLink({ run }: Reachable, channel: ChannelName): Promise<{ client: Run; token: string }> {
  const client = run("link", channel);
  return { client, token: String((await client.tells("linkToken"))["linkToken"]) };
}

const addressOn = async (channel: ChannelName, chatId: string): Promise<string> =>
  (await scene.installation.bot(channel).service.addressOf(chatId)) ?? "";

const peerOn: Readonly<Record<string, (chatId: string) => Promise<string>>> = {
  telegram: (chatId) => Promise.resolve(chatId),
  matrix: (chatId) => Promise.resolve(`@u${chatId}:localhost`),
  mail: (chatId) => addressOn("mail", chatId),
  sms: (chatId) => addressOn("sms", chatId),
};

/** The first two pages of the key say channel and stable id; spaces are the display's. */
async function readsOnKey(hands: Hands): Promise<(string | undefined)[]> {
  const pages = await hands.readPages();
  return [0, 1].map((at) => pages[at]?.value.replaceAll(" ", ""));
}

/** Resolves with what is linked in the end, and what should be. */
async function links(channel: ChannelName): Promise<(string | undefined)[][]> {
  const somebody = await unlinkedUser(scene);
  const { client, token } = await beginLink(somebody, channel);
  const phone = phoneOn(channel, somebody.chatId);
  await phone.phone.send(`/start ${token}`);
  await phone.phoneSays("The next message must show the same lines as your key");
  const peer = await peerOn[channel]?.(somebody.chatId);
  expect((await phone.phoneSays("Code: ")).text).toContain(`Address: ${peer}`);
  const pages = await phone.confirm();
  expect(pages.slice(0, 2).map(({ value }) => value.replaceAll(" ", ""))).toEqual([channel, peer]);
  await expectExit(client, 0);
  expect(await linkedChats(scene, somebody)).toEqual([peer]);
  await phone.phone.send(`/start ${token}`);
  await phone.phoneSays(NOT_VALID);
  return [await linkedChats(scene, somebody), [peer]];
}

/** A thief is faster with the token. The owner has mail, where he hears of it. Resolves with the codes in his own chat. */
async function thiefIsFirst(channel: ChannelName): Promise<number> {
  const owner = await userOn(scene, "mail");
  const before = await linkedChats(scene, owner);
  const { client, token } = await beginLink(owner, channel);
  const { chatId: thiefs } = scene.newcomer();
  const thief = phoneOn(channel, thiefs);
  await thief.phone.send(`/start ${token}`);
  await thief.phoneSays("Code: ");
  const own = phoneOn(channel, owner.chatId);
  await own.phone.send(`/start ${token}`);
  await own.phoneSays(NOT_VALID);
  await owner.hands.phoneSays("Somebody tried to link a chat to you");
  expect((await readsOnKey(own))[1]).toBe(await peerOn[channel]?.(thiefs));
  await own.reject(Reason.NOT_ME);
  await expectExit(client, 10);
  expect(await linkedChats(scene, owner)).toEqual(before);
  return own.count("Code: ");
}

async function withMatrix() {
  const { matrix } = scene.installation.bot("matrix").service;
  if (matrix === undefined) throw new Error("no Matrix here");
  const owner = await userOn(scene, "mail");
  const before = await linkedChats(scene, owner);
  const begun = await beginLink(owner, "matrix");
  const phone = await matrix.phone(owner.chatId);
  const left = (room: string): Promise<void> =>
    phone.until(() => phone.members.includes(`${room} ${matrix.bot} leave`));
  /** Nothing has come of what was said so far; then the token in the right place links. Resolves with what came in the clear. */
  const linksOnlyNow = async (): Promise<number> => {
    const own = phoneOn("matrix", owner.chatId);
    await own.phone.send("/help");
    await own.phoneSays("I can never approve one");
    expect(await own.count("The next message")).toBe(0);
    await own.phone.send(`/start ${begun.token}`);
    await own.confirm();
    await expectExit(begun.client, 0);
    expect(await linkedChats(scene, owner)).toEqual([...before, phone.userId]);
    return phone.messages.filter(({ sender, encrypted }) => sender === matrix.bot && !encrypted).length;
  };
  return { matrix, owner, phone, left, linksOnlyNow, says: `/start ${begun.token}` };
}

describe("by a token that the chat shows", () => {
  test("check 20: telegram: the key shows channel and id, chat and key show the same, one token links one chat", async () => {
    const [is, should] = await links("telegram");
    expect(is).toEqual(should);
  }, 400_000);
  peerTest(
    "check 20: matrix: the key shows channel and id, chat and key show the same, one token links one chat",
    async () => {
      const [is, should] = await links("matrix");
      expect(is).toEqual(should);
    },
    400_000,
  );

  test("check 20: telegram: a thief who is first gets a code and no key; the owner is refused and told on his mail", async () => {
    expect(await thiefIsFirst("telegram")).toBe(0);
  }, 400_000);
  peerTest(
    "check 20: matrix: a thief who is first gets a code and no key; the owner is refused and told on his mail",
    async () => {
      expect(await thiefIsFirst("matrix")).toBe(0);
    },
    400_000,
  );

  test("check 20: telegram: a forwarded token, an edited one, a group and a namesake link nobody", async () => {
    const owner = await userOn(scene, "mail");
    const before = await linkedChats(scene, owner);
    const { client, token } = await beginLink(owner, "telegram");
    const own = phoneOn("telegram", owner.chatId);
    const world = new TelegramWorld(scene.installation.phoneOf(owner.chatId, "telegram"));
    await own.phone.send("/start");
    await own.phoneSays("To link this chat");
    await world.forward(owner.chatId, `/start ${token}`);
    await world.edit(owner.chatId, `/start ${token}`);
    await world.sayInGroup(owner.chatId, `/start ${token}`);
    const { chatId: namesakes } = scene.newcomer();
    const namesake = phoneOn("telegram", namesakes);
    await namesake.phone.send("/start");
    await world.sayAs(namesakes, "Test Person", "/start AAAAAAAAAAAAAAAAAAAAAA");
    await namesake.phoneSays(NOT_VALID);
    await own.phone.send("/help");
    await own.phoneSays("I can never approve one");
    expect(await own.count("The next message")).toBe(0);
    await own.phone.send(`/start ${token}`);
    await own.phoneSays("The next message must show the same lines as your key");
    expect(await own.count("The next message")).toBe(1);
    await own.confirm();
    await expectExit(client, 0);
    expect(await linkedChats(scene, owner)).toEqual([...before, owner.chatId]);
  }, 400_000);

  peerTest(
    "check 20: matrix: a room of three is left, and a token said there links nobody",
    async () => {
      const { matrix, phone, left, linksOnlyNow, says } = await withMatrix();
      const third = await matrix.phone(scene.newcomer().chatId);
      const room = await phone.makeRoom([third.userId, matrix.bot]);
      await left(room);
      await phone.say(room, says);
      expect(await linksOnlyNow()).toBe(0);
    },
    400_000,
  );

  peerTest(
    "check 20: matrix: a room in the clear is left, and words in the clear link nobody anywhere",
    async () => {
      const { matrix, owner, phone, left, linksOnlyNow, says } = await withMatrix();
      const room = await phone.makeRoom([matrix.bot], { encrypted: false });
      await left(room);
      await phone.sayInTheClear(room, says);
      const chat = await matrix.chat(owner.chatId);
      await phone.sayInTheClear(chat.room, says);
      expect(await linksOnlyNow()).toBe(0);
    },
    400_000,
  );
});

describe.each(["mail", "sms"] as const)("by an address, over %s", (channel) => {
  test("check 20: the key shows the address, the phone there the same and the code; other channels are told", async () => {
    const owner = await userOn(scene, "telegram");
    const address = await addressOn(channel, owner.chatId);
    const client = owner.run("link", channel, "--address", address);
    const phone = phoneOn(channel, owner.chatId);
    const pages = await phone.confirm();
    expect(pages.slice(0, 2).map(({ value }) => value.replaceAll(" ", ""))).toEqual([channel, address]);
    await expectExit(client, 0);
    expect(await linkedChats(scene, owner)).toEqual([owner.chatId, address]);
    await owner.hands.phoneSays("A chat was linked to you");
    for (const code of phone.codes) expect((await owner.hands.chat()).replaceAll(" ", "")).not.toContain(code);
  }, 400_000);

  test("check 20: an address that is somebody else's is refused, and nothing is sent there", async () => {
    const owner = await userOn(scene, channel);
    const address = await addressOn(channel, owner.chatId);
    const { service } = scene.installation.bot(channel);
    await owner.hands.phoneSays("Executed");
    const shown = await service.everShown(owner.chatId);
    const mallory = await unlinkedUser(scene);
    const { exitCode, output } = await mallory.run("link", channel, "--address", address).ended;
    expect(exitCode).not.toBe(0);
    expect(output).toContain("ALREADY_EXISTS");
    expect(await linkedChats(scene, mallory)).toEqual([]);
    expect(await linkedChats(scene, owner)).toEqual([address]);
    expect(await service.everShown(owner.chatId)).toEqual(shown);
  }, 400_000);

  test("threat 07: malware on the PC asks for another address: the key shows it, the careful user refuses, 0 linked", async () => {
    const owner = await userOn(scene, "telegram");
    const { chatId: mallorys } = scene.newcomer();
    const altered = await addressOn(channel, mallorys);
    const client = owner.run("link", channel, "--address", altered);
    expect(await readsOnKey(owner.hands)).toEqual([channel, altered]);
    const own = phoneOn(channel, owner.chatId);
    expect(await own.chat()).toBe("");
    await owner.hands.reject(Reason.WRONG_DATA);
    await expectExit(client, 10);
    expect(await linkedChats(scene, owner)).toEqual([owner.chatId]);
  }, 400_000);
});
