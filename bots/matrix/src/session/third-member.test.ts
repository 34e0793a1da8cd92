import { testWith } from "@countersign/testing";
import { synapsePresent } from "@countersign/testing/synapse";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { RoomStateEvent } from "matrix-js-sdk/lib/models/room-state.js";
import type { MatrixEvent } from "matrix-js-sdk/lib/models/event.js";
import type { Room } from "matrix-js-sdk/lib/models/room.js";
import type { MatrixSession } from "./matrix-session.ts";
import { makeRoom, SessionWorld, text, to, type Someone } from "./testing/session-world.ts";

const peerTest = testWith("synapse", synapsePresent);

interface Encrypting {
  encryptEvent(event: MatrixEvent, room: Room): Promise<void>;
}

let world: SessionWorld;
let [bot, phone, spy]: MatrixSession[] = [];
let spyAccount: Someone;

beforeAll(async () => {
  if (!synapsePresent) return;
  world = await SessionWorld.start();
  spyAccount = await world.someone();
  [bot, phone, spy] = await Promise.all([
    world.someone().then(async (one) => one.open()),
    world.someone().then(async (one) => one.open()),
    spyAccount.open(),
  ]);
});

afterAll(async () => {
  if (synapsePresent) await world.stop();
});

/** Resolves once the bot knows of this membership. */
async function known(at: MatrixSession, room: string, userId: string, membership: string): Promise<void> {
  for (;;) {
    const changed = Promise.withResolvers<void>();
    at.client.once(RoomStateEvent.Members, () => changed.resolve());
    if (at.client.getRoom(room)?.getMember(userId)?.membership === membership) return;
    await changed.promise;
  }
}

// What a homeserver can do at any moment: it tells who is in a room. Here the third one comes after the bot has looked
// and before keys are given out, and is gone again when it looks once more.
peerTest("threat 15: somebody who slips in after the last look gets no key, even if he slips out again", async () => {
  if (bot === undefined || phone === undefined || spy === undefined) throw new Error("no session");
  const [sender, third] = [bot, spy];
  const room = await makeRoom(sender, phone);
  const crypto = sender.client.getCrypto() as unknown as Encrypting;
  const encryptEvent = crypto.encryptEvent.bind(crypto);
  crypto.encryptEvent = async (event, of) => {
    crypto.encryptEvent = encryptEvent;
    await sender.client.invite(room, third.userId);
    await third.client.joinRoom(room);
    await known(sender, room, third.userId, "join");
    try {
      await encryptEvent(event, of);
    } finally {
      await third.client.leave(room);
      await known(sender, room, third.userId, "leave");
    }
  };
  const before = world.encrypted();
  const sent = sender.sendEncrypted(room, "m.room.message", text("Code 482915"), "slip", {
    ...to(phone.userId),
    signal: AbortSignal.timeout(60_000),
  });
  await expect(sent).rejects.toMatchObject({ fate: "permanent", detail: "blocked" });
  expect(world.encrypted()).toBe(before);
  await sender.sendEncrypted(room, "m.room.message", text("later"), "later", to(phone.userId));
  expect(spyAccount.read).toEqual([]);
});
