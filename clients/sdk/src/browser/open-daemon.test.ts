import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { PairingServiceService } from "@countersign/proto/node/device/v1/pairing_service";
import { tempFolder } from "@countersign/testing";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { FakeDaemon } from "../testing/fake-daemon.ts";
import { fakeStatusError, serveWeb, startFakeDaemon, type FakeWeb } from "../testing/index.ts";
import { openDaemon, type PairedDaemon } from "./open-daemon.ts";

const folder = tempFolder();
const TOKEN = "cs_pair_AAAAAAAAAAAAAAAAAAAAAAAA";

let fake: FakeDaemon;
let web: FakeWeb;
let kept: string | undefined;
let page: PairedDaemon;
let refused = false;
const heard: unknown[] = [];

interface WebCall {
  readonly metadata: { get(name: string): unknown[] };
  write(message: unknown): void;
  end(): void;
  emit(name: "error", error: unknown): void;
}

beforeEach(async () => {
  fake = await startFakeDaemon(join(folder, "daemon.sock"), []);
  heard.splice(0);
  [kept, refused] = [undefined, false];
  const pair = (call: WebCall): void => {
    if (refused) return call.emit("error", fakeStatusError({ code: status.PERMISSION_DENIED, reason: "NOT_PAIRED" }));
    call.write({ event: { $case: "compareCode", value: "271828" } });
    call.write({ event: { $case: "token", value: TOKEN } });
    call.end();
  };
  const unpair = (call: WebCall, answer: (error: unknown, response?: unknown) => void): void => {
    heard.push(call.metadata.get("authorization")[0]);
    answer(null, {});
  };
  const [device] = fake.services;
  const listKeys = (call: WebCall, answer: (error: unknown, response?: unknown) => void): void => {
    const isPaired = call.metadata.get("authorization")[0] === `Bearer ${TOKEN}` && !refused;
    if (isPaired) answer(null, { keys: fake.keys });
    else answer(fakeStatusError({ code: status.UNAUTHENTICATED, reason: "NOT_PAIRED" }));
  };
  web = await serveWeb([
    { definition: PairingServiceService, implementation: { pair, unpair } as never },
    ...(device === undefined ? [] : [{ ...device, implementation: { ...device.implementation, listKeys } as never }]),
  ]);
  const pairing = { read: () => kept, write: (token: string | undefined) => void (kept = token) };
  page = openDaemon({ port: web.port, pairing });
});

afterEach(() => {
  web.stop();
  fake.stop();
});

test("a page that is not paired is told so; once its user compared the digits it is heard", async () => {
  expect(page.wasPaired).toBe(false);
  await expect(page.listKeys()).rejects.toMatchObject({ name: "CoreError", reason: "NOT_PAIRED" });
  const shown: string[] = [];
  await page.pair((digits) => shown.push(digits), new AbortController().signal);
  expect([shown, page.wasPaired]).toEqual([["271828"], true]);
  expect(await page.listKeys()).toMatchObject([{ deviceId: "usb-1" }]);
});

test("a pairing that the daemon ended is forgotten here, too", async () => {
  kept = TOKEN;
  refused = true;
  await expect(page.listKeys()).rejects.toMatchObject({ reason: "NOT_PAIRED" });
  expect(page.wasPaired).toBe(false);
  await expect(page.pair(() => undefined, new AbortController().signal)).rejects.toMatchObject({
    reason: "NOT_PAIRED",
  });
});

test("unpairing forgets first, and tells the daemon", async () => {
  kept = TOKEN;
  await page.unpair();
  expect([kept, heard]).toEqual([undefined, [`Bearer ${TOKEN}`]]);
  kept = TOKEN;
  web.stop();
  await expect(page.unpair()).rejects.toMatchObject({ reason: "NO_DAEMON" });
  expect(kept).toBeUndefined();
});

test("nobody at that port is no core that is away", async () => {
  web.stop();
  await expect(page.listKeys()).rejects.toMatchObject({ name: "CoreError", code: 14, reason: "NO_DAEMON" });
});
