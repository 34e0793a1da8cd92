import { sampleOutgoing, testChannelContract, Phase } from "@countersign/bot-kit/testing";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { SANDBOX_PEER, type ViewedMessage } from "./phone.ts";
import { SandboxChannel } from "./sandbox-channel.ts";

interface Seen {
  readonly version: number;
  readonly messages: readonly ViewedMessage[];
}

async function look(address: string, query: string = ""): Promise<Seen> {
  return (await (await fetch(`${address}/messages${query}`)).json()) as Seen;
}

async function post(
  address: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<number> {
  const response = await fetch(`${address}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return response.status;
}

testChannelContract("sandbox", async () => {
  const channel = new SandboxChannel(0);
  await channel.signIn();
  const { address } = channel;
  return {
    channel,
    peerId: SANDBOX_PEER,
    unknownPeerId: "999",
    traits: { twoPhase: true, deduplicates: true, cleansUp: true, hears: true },
    seen: async () =>
      (await look(address)).messages.map(({ id, text, buttons }) => ({
        id,
        text,
        buttons: buttons.flat().map(({ label }) => label),
      })),
    everWritten: async () => (await look(address)).messages.map(({ text }) => text),
    say: async (text) => void (await post(address, "/send", { text })),
    press: async ({ id }, label) => {
      const { messages } = await look(address);
      const button = messages
        .find((message) => message.id === id)
        ?.buttons.flat()
        .find((one) => one.label === label);
      await post(address, "/press", { messageId: id, buttonId: button?.id });
    },
    close: async () => channel.close(),
  };
});

let channel: SandboxChannel;

beforeEach(async () => {
  channel = new SandboxChannel(0);
  await channel.signIn();
});

afterEach(async () => channel.close());

const notice = sampleOutgoing(Phase.NOTICE, { peerId: SANDBOX_PEER });

test("what a scripted user sees has the shape of the fake Telegram's phone", async () => {
  const id = await channel.deliver(notice);
  await channel.deliver(sampleOutgoing(Phase.FULL, { peerId: SANDBOX_PEER, providerId: id }));
  const { messages } = await look(channel.address);
  expect(messages).toEqual([
    {
      id,
      text: expect.stringContaining("Code: 482 915"),
      buttons: [
        [{ label: "Not me", id: "n.ref-1" }],
        [
          { label: "Wrong data", id: "w.ref-1" },
          { label: "Changed my mind", id: "c.ref-1" },
        ],
      ],
      edited: true,
      deleted: false,
    },
  ]);
});

test("asking after a version waits for the next one", async () => {
  const { version } = await look(channel.address);
  const later = look(channel.address, `?after=${version}`);
  await channel.deliver(notice);
  expect((await later).messages).toHaveLength(1);
});

test.each([
  ["a foreign origin", { origin: "https://evil.example" }],
  ["an opaque origin", { origin: "null" }],
  ["a form's content type", { "content-type": "text/plain" }],
])("threat 17: %s is refused", async (_what, headers) => {
  const status = await post(channel.address, "/send", { text: "/freeze" }, headers);
  expect([400, 403]).toContain(status);
  expect((await look(channel.address)).version).toBe(0);
});

test("threat 17: a foreign Host, as after DNS rebinding, reads nothing", async () => {
  const { request } = await import("node:http");
  const status = await new Promise((resolve, reject) => {
    request(`${channel.address}/messages`, { headers: { host: "evil.example" } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .once("error", reject)
      .end();
  });
  expect(status).toBe(403);
});

test("a button that the person does not see cannot be pressed; nonsense is refused", async () => {
  const id = await channel.deliver(notice);
  expect(await post(channel.address, "/press", { messageId: id, buttonId: "n.ref-1" })).toBe(400);
  expect(await post(channel.address, "/send", { text: "" })).toBe(400);
  expect(await post(channel.address, "/send", "x".repeat(20_000))).toBe(400);
  expect((await fetch(`${channel.address}/other`)).status).toBe(404);
});
