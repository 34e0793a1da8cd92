import { rmSync } from "node:fs";
import { join } from "node:path";
import { testWith } from "@countersign/testing";
import { MatrixPhone, matrixPhonePresent, synapsePresent } from "@countersign/testing/synapse";
import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { DEVICE_NAME } from "./account.ts";
import { sendable, SessionWorld, text, to } from "./testing/session-world.ts";

const peerTest = testWith("synapse and matrix-nio", synapsePresent && matrixPhonePresent);

let world: SessionWorld;

beforeAll(async () => {
  if (synapsePresent) world = await SessionWorld.start();
});

afterAll(async () => {
  if (synapsePresent) await world.stop();
});

/** Cuts the process off at the first request like this: before the server has it, or before its answer is here. */
function cutting(
  at: RegExp,
  when: "before" | "after",
): { fetch: typeof fetch; signal: AbortSignal; met: () => boolean } {
  const over = new AbortController();
  const cut: typeof fetch = async (input, init) => {
    const line = `${init?.method ?? "GET"} ${new URL(input instanceof Request ? input.url : input).pathname}`;
    if (!at.test(line) && !over.signal.aborted) return fetch(input, init);
    if (when === "after" && !over.signal.aborted) await (await fetch(input, init)).text();
    over.abort(new Error("killed"));
    throw new TypeError("fetch failed", { cause: new Error("killed") });
  };
  return { fetch: cut, signal: over.signal, met: () => over.signal.aborted };
}

describe("a first start that is cut off", () => {
  const points: [string, RegExp][] = [
    ["logging in", /POST .*\/login$/],
    ["uploading the device's keys", /POST .*\/keys\/upload$/],
    ["describing the recovery key", /PUT .*\/account_data\/m\.secret_storage\.key/],
    ["storing the master key", /PUT .*\/account_data\/m\.cross_signing\.master$/],
    ["storing the last private key", /PUT .*\/account_data\/m\.cross_signing\.user_signing$/],
    ["publishing the identity", /POST .*\/keys\/device_signing\/upload$/],
    ["signing the device", /POST .*\/keys\/signatures\/upload$/],
  ];

  // Before one request is after the one before it, but for these two.
  const rows = points.map(([name, at]) => ({ name: `after ${name}`, at, when: "after" as const }));
  const firsts = [points[0]!, points[5]!].map(([name, at]) => ({
    name: `before ${name}`,
    at,
    when: "before" as const,
  }));

  for (const { name, at, when } of [...firsts, ...rows]) {
    peerTest(`${name} is gone on with: one device, one identity, which the recovery key brings back`, async () => {
      const account = await world.someone();
      const cut = cutting(at, when);
      await expect(account.open({ fetch: cut.fetch, signal: cut.signal })).rejects.toThrow("killed");
      expect(cut.met()).toBe(true);

      const bot = await account.open();
      const identity = await bot.client.getCrypto()!.getCrossSigningKeyId();
      expect(identity).toEqual(expect.any(String));
      expect(await bot.identityOf(bot.userId)).toBe(identity);
      expect(await bot.devicesOf(bot.userId)).toContainEqual({ deviceId: bot.deviceId, signedByOwner: true });
      const { devices } = await bot.client.getDevices();
      expect(devices.filter((device) => device.display_name === DEVICE_NAME)).toHaveLength(1);
      await bot.close();

      rmSync(join(account.folder, "store"), { recursive: true });
      const again = await account.open();
      expect(await again.client.getCrypto()!.getCrossSigningKeyId()).toBe(identity);
      await again.close();
    });
  }
});

describe("a phone that signs nothing", () => {
  peerTest("gets nothing in signed mode, and is told of as gone; in the mode for all devices it reads", async () => {
    const [account, owner] = [await world.someone(), await world.someone()];
    const { userId, password, folder } = owner;
    const phone = await MatrixPhone.start({ url: world.synapse.url, userId, password, folder });
    const room = await phone.makeRoom([account.userId]);
    const signed = await account.open();
    await signed.client.joinRoom(room);
    await sendable(signed, room, userId);
    expect(await signed.devicesOf(userId)).toEqual([expect.objectContaining({ signedByOwner: false })]);
    const refused = signed.sendEncrypted(room, "m.room.message", text("Code 1"), "signed", to(userId));
    await expect(refused).rejects.toMatchObject({ fate: "permanent", detail: "gone" });
    await signed.close();
    const all = await account.open({ isolation: "all" });
    await all.sendEncrypted(room, "m.room.message", text("Code 2"), "all", to(userId));
    await phone.until(() => phone.seen(room).length > 0);
    expect(phone.seen(room).map(({ body }) => body)).toEqual(["Code 2"]);
    await all.close();
    await phone.stop();
  });
});
