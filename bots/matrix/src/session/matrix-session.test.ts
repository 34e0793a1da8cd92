import { ChannelError } from "@countersign/bot-kit";
import { testWith } from "@countersign/testing";
import { synapsePresent } from "@countersign/testing/synapse";
import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import type { MatrixSession } from "./matrix-session.ts";
import { makeRoom, sendable, SessionWorld, text, to, type Someone } from "./testing/session-world.ts";

const peerTest = testWith("synapse", synapsePresent);
const send = "m.room.message";

let world: SessionWorld;
let botAccount: Someone;
let user: Someone;
let bot: MatrixSession;
let phone: MatrixSession;
let room: string;

beforeAll(async () => {
  if (!synapsePresent) return;
  world = await SessionWorld.start();
  [botAccount, user] = [await world.someone(), await world.someone()];
  bot = await botAccount.open();
  phone = await user.open();
  room = await makeRoom(bot, phone);
});

afterAll(async () => {
  if (synapsePresent) await world.stop();
});

describe("a message to one person", () => {
  peerTest("claim 03: is encrypted, reaches the phone, and is one event however often it is sent", async () => {
    const before = user.read.length;
    const first = await bot.sendEncrypted(room, send, text("Code 1"), "same", to(user.userId));
    expect(await bot.sendEncrypted(room, send, text("Code 1"), "same", to(user.userId))).toBe(first);
    await bot.close();
    bot = await botAccount.open();
    expect(await bot.sendEncrypted(room, send, text("Code 1"), "same", to(user.userId))).toBe(first);
    await bot.sendEncrypted(room, send, text("Code 2"), "next", to(user.userId));
    expect((await user.hasRead(before + 2)).slice(before)).toEqual(["Code 1", "Code 2"]);
    expect(world.plaintexts()).toBe(0);
  });

  peerTest(
    "threat 15: nothing leaves in clear, before the first sync, by the SDK's own sending or into a room in clear",
    async () => {
      const before = world.encrypted();
      await expect(bot.client.sendEvent("!unknown:localhost", send as never, text("1") as never)).rejects.toThrow(
        "kept back: plaintext-event",
      );
      await expect(bot.client.setRoomTopic(room, "482915")).rejects.toThrow("kept back: plaintext-state");
      await expect(bot.client.redactEvent(room, "$e", "t", { reason: "482915" })).rejects.toThrow(
        "kept back: plaintext-reason",
      );
      const unknown = bot.sendEncrypted("!unknown:localhost", send, text("1"), "u", to(user.userId));
      await expect(unknown).rejects.toMatchObject({ fate: "not-sent", detail: "not-ready" });
      expect(await bot.isSendable("!unknown:localhost", user.userId)).toBe("not-synced");
      expect([world.plaintexts(), world.encrypted()]).toEqual([0, before]);
    },
  );

  peerTest("a person who is not there, or not alone there, gets nothing", async () => {
    const third = await world.someone();
    const other = await third.open();
    const shared = await makeRoom(bot, phone);
    await bot.client.invite(shared, third.userId);
    await sendable(bot, shared, user.userId, "not-alone");
    const invited = bot.sendEncrypted(shared, send, text("1"), "third", to(user.userId));
    await expect(invited).rejects.toMatchObject({ fate: "permanent", detail: "blocked" });
    expect(await bot.isSendable(shared, user.userId)).toBe("not-alone");
    expect(await bot.isSendable(shared, bot.userId)).toBe("not-alone");
    expect(await bot.isSendable(room, other.userId)).toBe("peer-absent");
    await other.close();
  });

  peerTest("the last look comes after the flush and keeps everything back; a deadline ends the call", async () => {
    const before = world.encrypted();
    const late = new ChannelError({ fate: "not-sent", detail: "late" });
    const looked = to(user.userId, {
      beforeWrite: () => {
        throw late;
      },
    });
    await expect(bot.sendEncrypted(room, send, text("1"), "late", looked)).rejects.toBe(late);
    const over = to(user.userId, { signal: AbortSignal.abort() });
    await expect(bot.sendEncrypted(room, send, text("1"), "over", over)).rejects.toMatchObject({ fate: "not-sent" });
    await expect(bot.redact(room, "$e", "over", over)).rejects.toMatchObject({ fate: "not-sent", detail: "timeout" });
    expect(world.encrypted()).toBe(before);
  });

  peerTest("is taken back by a redaction, however often that is asked for", async () => {
    const event = await bot.sendEncrypted(room, send, text("Code 3"), "gone", to(user.userId));
    const redaction = await bot.redact(room, event, "gone-too", to(user.userId));
    expect(await bot.redact(room, event, "gone-too", to(user.userId))).toBe(redaction);
    const left = await bot.client.fetchRoomEvent(room, event);
    expect(left["content"]).toEqual({});
  });

  peerTest("kill points: what a process leaves that is killed as the bytes go can be gone on with", async () => {
    const before = user.read.length;
    let copy = "";
    const cut = to(user.userId, {
      beforeWrite: () => {
        copy = botAccount.snapshot(`killed-${before}`);
      },
    });
    const event = await bot.sendEncrypted(room, send, text("Code 4"), "cut", cut);
    await bot.close();
    const after = await botAccount.open({ storeFolder: copy });
    expect(await after.sendEncrypted(room, send, text("Code 4"), "cut", to(user.userId))).toBe(event);
    await after.sendEncrypted(room, send, text("Code 5"), "after", to(user.userId));
    expect((await user.hasRead(before + 2)).slice(before)).toEqual(["Code 4", "Code 5"]);
    await after.close();
    // The copy went on with the ratchets: the older store must not be used again.
    botAccount.options();
    bot = await botAccount.open({ storeFolder: copy });
  });
});

describe("the identity of a person", () => {
  peerTest(
    "threat 16: one that is not the bound one gets no message and no key, from the moment the bot knows",
    async () => {
      const owner = await world.someone();
      const device = await owner.open();
      const chat = await makeRoom(bot, device);
      const bound = await bot.identityOf(owner.userId);
      expect(bound).toMatch(/^[A-Za-z0-9+/]{43}$/);
      expect(await device.client.getCrypto()!.getCrossSigningKeyId()).toBe(bound);
      expect(await bot.devicesOf(owner.userId)).toEqual([{ deviceId: device.deviceId, signedByOwner: true }]);
      await bot.sendEncrypted(chat, send, text("Code 6"), "bound", to(owner.userId, { peerIdentity: bound }));
      expect(await owner.hasRead(1)).toEqual(["Code 6"]);

      await device.client.getCrypto()!.bootstrapCrossSigning({
        setupNewCrossSigning: true,
        authUploadDeviceSigningKeys: async (upload) => {
          const auth = {
            type: "m.login.password",
            identifier: { type: "m.id.user", user: owner.userId },
            password: owner.password,
          };
          const asked = await upload(null).catch((error: { data: { session: string } }) => error.data.session);
          if (typeof asked === "string") await upload({ ...auth, session: asked });
        },
      });
      const now = await bot.identityOf(owner.userId);
      expect(now).not.toBe(bound);
      const refused = bot.sendEncrypted(chat, send, text("Code 7"), "other", to(owner.userId, { peerIdentity: bound }));
      await expect(refused).rejects.toMatchObject({ fate: "permanent", reason: "CHANNEL_IDENTITY_CHANGED" });
      await bot.sendEncrypted(chat, send, text("Code 8"), "rebound", to(owner.userId, { peerIdentity: now }));
      expect(await owner.hasRead(2)).toEqual(["Code 6", "Code 8"]);
      await device.close();
    },
  );

  peerTest("is empty for somebody without one, whose unsigned devices get nothing in signed mode", async () => {
    const nobody = await world.someone();
    expect(await bot.identityOf(nobody.userId)).toBe("");
    expect(await bot.devicesOf(nobody.userId)).toEqual([]);
    await sendable(bot, room, user.userId);
  });
});
