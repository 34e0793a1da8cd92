// "Reset identity" on the user's Matrix account: whoever has the account now, it may not be him.
import { afterAll, beforeAll, expect } from "@jest/globals";
import { LinkState } from "@countersign/proto/node/core/v1/link_service";
import { tempFolder } from "@countersign/testing";
import { setUpIdentity, synapsePresent, type MatrixPhone } from "@countersign/testing/synapse";
import { peerTest, openChannelScene, type Reachable } from "../people/channel-scene.ts";
import { enumName } from "../people/enum-name.ts";
import { unlinkedUser } from "../people/unlinked.ts";
import { Hands } from "./hands.ts";
import { expectExit, type Scene } from "./scene.ts";

const folder = tempFolder();
let scene: Scene;

beforeAll(async () => {
  if (synapsePresent) scene = await openChannelScene({ folder, mode: "B", channels: ["telegram", "matrix"] });
}, 400_000);
afterAll(() => scene?.close(), 400_000);

async function channelsOf({ desk: { userId } }: Reachable): Promise<string[]> {
  const { channels } = await scene.parts.links.list({ userId });
  return channels.map(({ platform, state }) => `${platform} ${enumName(LinkState, state)}`);
}

const onMatrix = ({ desk, chatId }: Reachable): Hands =>
  new Hands({ ...desk, phoneUrl: scene.installation.phoneOf(chatId, "matrix") });

async function phoneOf({ chatId }: Reachable): Promise<MatrixPhone> {
  const { matrix } = scene.installation.bot("matrix").service;
  if (matrix === undefined) throw new Error("no Matrix here");
  return matrix.phone(chatId);
}

peerTest(
  "check 20: an identity that was reset suspends the channel, the others are told; the key puts it back in its place",
  async () => {
    const somebody = await unlinkedUser(scene);
    const { hands, pay } = somebody;
    const phone = await phoneOf(somebody);
    const bound = await setUpIdentity(phone);
    const first = somebody.run("link", "matrix");
    const { linkToken } = await first.tells("linkToken");
    const chat = onMatrix(somebody);
    await chat.phone.send(`/start ${String(linkToken)}`);
    const pages = await chat.confirm();
    await expectExit(first, 0);
    expect(pages.map(({ value }) => value.replaceAll(" ", "")).join("")).toContain(bound.masterKey);
    const second = somebody.run("link", "telegram");
    await hands.phone.send(`/start ${String((await second.tells("linkToken"))["linkToken"])}`);
    await hands.confirm();
    await expectExit(second, 0);
    expect(await channelsOf(somebody)).toEqual(["matrix LINKED", "telegram LINKED"]);
    const paying = pay();
    await chat.confirm();
    await expectExit(paying, 0);

    await setUpIdentity(phone);
    const again = pay();
    const asked = await hands.readAndProve();
    const code = await hands.codeFor(asked);
    expect(await chat.count(asked.at(-1)?.tag ?? "")).toBe(0);
    await hands.key.type(code);
    await expectExit(again, 0);
    expect((await hands.phoneSays("A channel of yours is suspended")).text).toContain("Matrix");
    expect(await channelsOf(somebody)).toEqual(["matrix SUSPENDED", "telegram LINKED"]);
    await chat.phone.send("/freeze");
    await chat.phoneSays("This chat is not linked to you");

    const relink = somebody.run("link", "matrix");
    await chat.phone.send(`/start ${String((await relink.tells("linkToken"))["linkToken"])}`);
    await chat.confirm();
    await expectExit(relink, 0);
    expect(await channelsOf(somebody)).toEqual(["matrix LINKED", "telegram LINKED"]);
    await hands.phoneSays("A chat was linked to you");
  },
  400_000,
);
