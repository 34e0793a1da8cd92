import { testChannelContract, type SeenMessage } from "@countersign/bot-kit/testing";
import { testWith } from "@countersign/testing";
import { matrixPhonePresent, synapsePresent } from "@countersign/testing/synapse";
import { afterAll, beforeAll, expect } from "@jest/globals";
import type { MatrixChannel } from "./matrix-channel.ts";
import { SYMBOLS } from "./render.ts";
import { MatrixWorld } from "./testing/matrix-world.ts";
import { readHtml } from "./testing/read-html.ts";

// Each test has a person with a phone of his own.

const present = synapsePresent && matrixPhonePresent;
const peerTest = testWith("synapse", present);

let world: MatrixWorld;
let channel: MatrixChannel;

beforeAll(async () => {
  if (!present) return;
  world = await MatrixWorld.start();
  channel = world.channel();
  await channel.signIn(AbortSignal.timeout(60_000));
}, 400_000);

afterAll(async () => {
  if (present) await world.stop();
});

peerTest("the bot's device is there", () => {
  expect(channel.endToEndEncrypted).toBe(true);
});

if (present) {
  testChannelContract("matrix", async () => {
    const { userId, phone, room } = await world.person(channel);
    return {
      channel,
      traits: { twoPhase: false, deduplicates: true, cleansUp: true, hears: true },
      peerId: userId,
      unknownPeerId: "@nobody:localhost",
      seen: async () => {
        await phone.catchUp(room);
        if (phone.undecryptable.length > 0) throw new Error("the phone cannot read a message");
        return phone.seen(room).map(({ event, formatted }) => ({ id: event, ...readHtml(formatted) }));
      },
      everWritten: async () => {
        await phone.catchUp(room);
        return phone.messages.filter(({ sender }) => sender === world.bot).map(({ formatted }) => formatted);
      },
      say: async (text: string) => {
        await phone.say(room, text);
      },
      press: async (message: SeenMessage, label: string) => {
        await phone.react(room, message.id, SYMBOLS[message.buttons.indexOf(label)] ?? "");
      },
      close: async () => phone.stop(),
    };
  });
}
