import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { Secret, silentLog, systemTimer, type LogEvent } from "@countersign/bot-kit";
import { AT_ONCE_MS, tempFolder, testWith } from "@countersign/testing";
import { synapsePresent } from "@countersign/testing/synapse";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { DEVICE_NAME } from "./account.ts";
import { HomeserverApi } from "./homeserver-api.ts";
import type { MatrixSession } from "./matrix-session.ts";
import { openSession, type SessionOptions } from "./session.ts";
import { makeRoom, SessionWorld, text, to, type Someone } from "./testing/session-world.ts";
import { ScriptedHomeserver } from "./testing/scripted-homeserver.ts";

const peerTest = testWith("synapse", synapsePresent);
const send = "m.room.message";

function options(folder: string, homeserver: string, more: Partial<SessionOptions> = {}): SessionOptions {
  return {
    homeserver,
    userId: "@bot:localhost",
    password: new Secret("matrix password", "SECRET-PASSWORD"),
    storeFolder: join(folder, "store"),
    storeKey: new Uint8Array(32).fill(1),
    recoveryKeyFile: join(folder, "recovery"),
    isolation: "signed",
    timer: systemTimer,
    log: silentLog,
    signal: new AbortController().signal,
    ...more,
  };
}

/** The bot's own devices; the account has one more, of its registration. */
async function devicesAtServer(someone: Someone, session: MatrixSession): Promise<string[]> {
  const { devices } = await session.client.getDevices();
  expect(someone.userId).toBe(session.userId);
  return devices.filter(({ display_name: name }) => name === DEVICE_NAME).map(({ device_id: id }) => id);
}

describe("opening, as far as no homeserver is needed", () => {
  const folder = tempFolder();

  test.each([
    [{ homeserver: "matrix.example.org" }, "--homeserver"],
    [{ homeserver: "https://example.org/matrix" }, "--homeserver"],
    [{ homeserver: "http://matrix.example.org" }, "without TLS"],
    [{ homeserver: "http://localhost.example.org:8008" }, "without TLS"],
    [{ userId: "countersign" }, "--matrix-user"],
  ])("%o is refused with the flag that it stands for", async (more, flag) => {
    const opening = openSession(options(folder, "http://127.0.0.1:1", more));
    await expect(opening).rejects.toMatchObject({ name: "SetupRefused", message: expect.stringContaining(flag) });
  });

  test("a wrong password is refused for good, by the name of its flag and without it", async () => {
    const server = await ScriptedHomeserver.start(() => ({
      status: 403,
      json: { errcode: "M_FORBIDDEN", error: "x" },
    }));
    const refused = await openSession(options(folder, server.url.href)).catch((error: unknown) => error as Error);
    expect(refused).toMatchObject({ name: "SetupRefused", message: expect.stringContaining("--matrix-password-file") });
    expect(`${(refused as Error).message}${(refused as Error).stack}`).not.toContain("SECRET-PASSWORD");
    await server.stop();
  });

  test("a homeserver that is away, busy or broken is asked again, later each time, until the signal aborts", async () => {
    const asked = new AbortController();
    const waits: LogEvent[] = [];
    const answers = [
      { status: 502, text: "" },
      { status: 429, json: { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 60_000 } },
      { status: 200, text: "<html>" },
    ];
    const server = await ScriptedHomeserver.start(() => answers.shift() ?? "cut");
    const opening = openSession(
      options(folder, server.url.href, {
        signal: asked.signal,
        timer: { ...systemTimer, sleep: () => Promise.resolve() },
        log: {
          write: (event) => {
            waits.push(event);
            if (waits.length === 5) asked.abort(new Error("asked to stop"));
          },
        },
      }),
    );
    await expect(opening).rejects.toThrow("asked to stop");
    expect(waits.map((event) => (event.event === "listening-failed" ? [event.detail, event.retryInMs] : []))).toEqual([
      ["http-502", 500],
      ["rate-limited", 60_000],
      ["malformed-answer", 2000],
      ["reset", 4000],
      ["reset", 8000],
    ]);
    await server.stop();
  });

  test("another key, another user's store and an open folder are refused before anything is asked", async () => {
    const own = join(folder, "own");
    const server = await ScriptedHomeserver.start(() => ({ status: 403, json: { errcode: "M_FORBIDDEN" } }));
    await expect(openSession(options(own, server.url.href))).rejects.toThrow("--matrix-password-file");
    const asked = server.seen.length;
    const otherKey = options(own, server.url.href, { storeKey: new Uint8Array(32).fill(2) });
    await expect(openSession(otherKey)).rejects.toMatchObject({ name: "StoreError", code: "wrong-key" });
    const otherUser = options(own, server.url.href, { userId: "@other:localhost" });
    await expect(openSession(otherUser)).rejects.toMatchObject({ name: "SetupRefused" });
    chmodSync(join(own, "store"), 0o755);
    await expect(openSession(options(own, server.url.href))).rejects.toMatchObject({ code: "unsafe-folder" });
    expect(server.seen.length).toBe(asked);
    await server.stop();
  });
});

describe("a device at a homeserver", () => {
  let world: SessionWorld;
  let user: Someone;
  let phone: MatrixSession;

  beforeAll(async () => {
    if (!synapsePresent) return;
    world = await SessionWorld.start();
    user = await world.someone();
    phone = await user.open();
  });

  afterAll(async () => {
    if (synapsePresent) await world.stop();
  });

  peerTest("is the same after every start, signed by the bot's identity, and ready at once", async () => {
    const account = await world.someone();
    const first = await account.open();
    const identity = await first.client.getCrypto()!.getCrossSigningKeyId();
    expect(await first.devicesOf(account.userId)).toEqual([{ deviceId: first.deviceId, signedByOwner: true }]);
    await first.close();
    const begun = performance.now();
    const second = await account.open();
    const ms = performance.now() - begun;
    expect(second.deviceId).toBe(first.deviceId);
    expect(await second.client.getCrypto()!.getCrossSigningKeyId()).toBe(identity);
    expect(await devicesAtServer(account, second)).toEqual([first.deviceId]);
    expect(ms).toBeLessThan(AT_ONCE_MS);
    await expect(account.open()).rejects.toMatchObject({ name: "StoreError", code: "in-use" });
    await second.close();
  });

  peerTest("knows all its rooms when it is ready, however short ago it was ready before", async () => {
    const account = await world.someone();
    const bot = await account.open();
    const room = await makeRoom(bot, phone);
    await bot.close();
    const again = await account.open();
    expect(await again.isSendable(room, user.userId)).toBeUndefined();
    await again.close();
  });

  peerTest(
    "gets a new token under the same device when the server forgets the old one, in the middle of a send",
    async () => {
      const account = await world.someone();
      const bot = await account.open();
      const room = await makeRoom(bot, phone);
      const event = await bot.sendEncrypted(room, send, text("Code 1"), "token", to(user.userId));
      // Logging in anew as a device makes the server forget the device's earlier token.
      const api = new HomeserverApi(new URL(world.synapse.url), fetch);
      const [password, signal] = [new Secret("password", account.password), new AbortController().signal];
      await api.login({ userId: account.userId, password, deviceId: bot.deviceId, deviceName: "x" }, signal);
      expect(await bot.sendEncrypted(room, send, text("Code 1"), "token", to(user.userId))).toBe(event);
      const before = user.read.length;
      await bot.sendEncrypted(room, send, text("Code 2"), "token-2", to(user.userId));
      expect((await user.hasRead(before + 1)).at(-1)).toBe("Code 2");
      expect(await devicesAtServer(account, bot)).toEqual([bot.deviceId]);
      await bot.close();
      const again = await account.open();
      expect(again.deviceId).toBe(bot.deviceId);
      await again.close();
    },
  );

  peerTest("ends when it is deleted at the server; the next one is new, with the same identity", async () => {
    const account = await world.someone();
    const bot = await account.open();
    const room = await makeRoom(bot, phone);
    const identity = await bot.client.getCrypto()!.getCrossSigningKeyId();
    await bot.client.logout(false);
    await bot.ended;
    await bot.close();
    const next = await account.open();
    expect(next.deviceId).not.toBe(bot.deviceId);
    expect(await next.client.getCrypto()!.getCrossSigningKeyId()).toBe(identity);
    expect(await devicesAtServer(account, next)).toEqual([next.deviceId]);
    const before = user.read.length;
    await next.sendEncrypted(room, send, text("Code 3"), "new-device", to(user.userId));
    expect((await user.hasRead(before + 1)).at(-1)).toBe("Code 3");
    await next.close();
  });

  peerTest(
    "whose store is lost comes back by the recovery key: same identity, old device gone, messages read",
    async () => {
      const account = await world.someone();
      const bot = await account.open();
      const room = await makeRoom(bot, phone);
      const identity = await bot.client.getCrypto()!.getCrossSigningKeyId();
      await bot.close();
      rmSync(join(account.folder, "store"), { recursive: true });
      const next = await account.open();
      expect(next.deviceId).not.toBe(bot.deviceId);
      expect(await next.client.getCrypto()!.getCrossSigningKeyId()).toBe(identity);
      expect(await devicesAtServer(account, next)).toEqual([next.deviceId]);
      const before = user.read.length;
      await next.sendEncrypted(room, send, text("Code 4"), "recovered", to(user.userId));
      expect((await user.hasRead(before + 1)).at(-1)).toBe("Code 4");
      await next.close();
    },
  );

  peerTest("is not made where the identity exists and the recovery key is absent, or another account's", async () => {
    const [account, other] = [await world.someone(), await world.someone()];
    for (const one of [account, other]) await (await one.open()).close();
    const key = join(account.folder, "recovery");
    expect(statSync(key).mode & 0o777).toBe(0o600);
    renameSync(join(account.folder, "store"), join(account.folder, "kept"));
    const foreign = account.open({ recoveryKeyFile: join(other.folder, "recovery") });
    await expect(foreign).rejects.toThrow("does not open the secret storage");
    renameSync(key, `${key}.away`);
    await expect(account.open()).rejects.toMatchObject({ name: "SetupRefused", message: expect.stringContaining(key) });
    expect(existsSync(key)).toBe(false);
    // With the store there, the key is not needed.
    rmSync(join(account.folder, "store"), { recursive: true });
    renameSync(join(account.folder, "kept"), join(account.folder, "store"));
    await (await account.open()).close();
  });

  peerTest(
    "waits for a homeserver that is away, and keeps no copy of password, token or recovery key in clear",
    async () => {
      const account = await world.someone();
      await world.synapse.pause();
      const tried = Promise.withResolvers<void>();
      const opening = account.open({ log: { write: () => tried.resolve() } });
      await tried.promise;
      await world.synapse.resume();
      const bot = await opening;
      const token = bot.client.getAccessToken()!;
      const recovery = readFileSync(join(account.folder, "recovery"), "utf8").trim();
      await bot.close();
      const file = readFileSync(join(account.folder, "store/device.sqlite"), "latin1");
      for (const secret of [account.password, token, recovery, bot.deviceId, account.userId])
        expect(file).not.toContain(secret);
      mkdirSync(join(account.folder, "seen"), { recursive: true });
    },
    400_000,
  );
});

describe("a homeserver that limits", () => {
  peerTest(
    "is told as it is, with its time, and nothing is repeated behind the caller's back",
    async () => {
      // Who waits until there is room again waits for a quarter of an hour: no machine is so slow that more goes through.
      const world = await SessionWorld.start({ messages: { per_second: 0.001, burst_count: 12 } });
      const [account, user] = [await world.someone(), await world.someone()];
      const [bot, phone] = [await account.open(), await user.open()];
      const room = await makeRoom(bot, phone);
      const ends: unknown[] = [];
      for (let i = 0; i < 15 && ends.length < 2; i += 1) {
        await bot
          .sendEncrypted(room, send, text(`Code ${i}`), `limit-${i}`, to(user.userId))
          .catch((end) => ends.push(end));
      }
      expect(ends).toHaveLength(2);
      for (const end of ends) {
        expect(end).toMatchObject({ name: "ChannelError", fate: "not-sent", detail: "rate-limited" });
        expect((end as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(0);
      }
      await world.stop();
    },
    400_000,
  );
});
