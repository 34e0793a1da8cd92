// The whole bot over Telegram's adapter and the strict fake of its service; the core in memory, time by hand where it counts.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { silentLog, systemTimer, type Timer, Secret } from "@countersign/bot-kit";
import { FAKE_TOKEN, FakeBotApi } from "@countersign/bot-telegram/testing";
import { TelegramChannel } from "@countersign/bot-telegram";
import { Role } from "@countersign/proto/node/admin/v1/admin_service";
import { PATIENT_MS, tempFolder } from "@countersign/testing";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { startAdminBot, type AdminBot } from "./admin-bot.ts";
import { TwinWatch } from "./alert/twin.ts";
import { menuOf } from "./command/menu.ts";
import type { AdminLogEvent } from "./log.ts";
import { FakeCore } from "./testing/fake-core.ts";

const [ANNA, BOB, STRANGER] = [4242, 4343, 666];
const FAST = { identity: { perSecond: 1000, burst: 100 }, chat: { perSecond: 1000, burst: 100 }, longestWaitMs: 5_000 };

const root = tempFolder();
let runs = 0;
let telegram: FakeBotApi;
let core: FakeCore;
let state: string;
let logged: AdminLogEvent[];
let bots: AdminBot[];

beforeEach(async () => {
  telegram = await FakeBotApi.start();
  core = new FakeCore();
  runs += 1;
  state = tempFolderIn(root, runs);
  logged = [];
  bots = [];
  for (const chat of [ANNA, BOB]) telegram.api.open(chat);
});
afterEach(async () => {
  await Promise.all(bots.map((bot) => bot.stop()));
  await telegram.stop();
});

/** Time that runs as it does, from another moment on. */
function timerFrom(offsetMs: number): Timer {
  return { ...systemTimer, now: () => new Date(Date.now() + offsetMs) };
}

const person = (id: number, name: string, alerts: boolean) => ({
  id: String(id),
  name,
  locale: "en",
  alerts,
  identity: "",
});

async function start(
  more: {
    readonly core?: FakeCore;
    readonly timer?: Timer;
    readonly sealedHeads?: boolean;
    readonly state?: string;
  } = {},
): Promise<AdminBot> {
  const timer = more.timer ?? systemTimer;
  const twins = new TwinWatch(silentLog, timer);
  const token = new Secret("telegram token", FAKE_TOKEN);
  const channel = new TelegramChannel({ token, apiRoot: telegram.apiRoot, timer, log: twins, menu: menuOf });
  const bot = await startAdminBot(
    {
      ...{
        channel,
        pace: FAST,
        core: more.core ?? core,
        state: more.state ?? state,
        zone: "UTC",
        sealedHeads: more.sealedHeads ?? false,
        timer,
      },
      administrators: [person(ANNA, "anna", true), person(BOB, "bob", false)],
      log: { write: (event) => void logged.push(event) },
    },
    AbortSignal.timeout(PATIENT_MS),
  );
  twins.onTwin = () => bot.twin();
  bots.push(bot);
  return bot;
}

/** Waits until the chat shows this. */
async function shows(chat: number, wanted: string): Promise<string> {
  const held = telegram.api.watch(chat);
  for (let version = 0; ;) {
    const view = await held.viewAfter(version, AbortSignal.timeout(PATIENT_MS));
    const found = view.messages.find(({ text }) => text.includes(wanted));
    if (found !== undefined) return found.text;
    if (view.version <= version) throw new Error(`the chat never showed ${wanted}: ${JSON.stringify(view.messages)}`);
    version = view.version;
  }
}

const texts = (chat: number): string[] =>
  telegram.api
    .watch(chat)
    .view()
    .messages.map(({ text }) => text);

async function until(isSo: () => boolean): Promise<void> {
  for (const end = performance.now() + PATIENT_MS; !isSo();) {
    if (performance.now() > end) throw new Error("waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("orders of those on the list are done and answered; of others nothing is, and no word of theirs is kept", async () => {
  await start();
  telegram.api.say(STRANGER, "/freeze ann");
  telegram.api.say(STRANGER, "secret words");
  telegram.api.joinGroup(-100, ANNA, "/freeze ann");
  telegram.api.say(BOB, "/freeze ann");
  await shows(BOB, "ann of acme is frozen");
  expect(core.stops).toEqual([{ what: "freeze a ann", onBehalf: `telegram:${BOB}` }]);
  expect(texts(STRANGER)).toEqual([]);
  expect(texts(-100)).toEqual([]);
  expect(logged.filter(({ event }) => event === "stranger")).toEqual([{ event: "stranger", peer: "666", count: 1 }]);
  expect(JSON.stringify(logged)).not.toContain("secret");
});

test("a stop that was written long ago is named, not carried out; what reads is answered", async () => {
  telegram.api.say(ANNA, "/freeze ann");
  telegram.api.say(ANNA, "/status");
  await start({ timer: timerFrom(6 * 60_000) });
  expect(await shows(ANNA, "send it again")).toContain("/freeze ann");
  await shows(ANNA, "The core answers");
  expect(core.stops).toEqual([]);
});

test("what happens is told to those who want to know, once, over breaks of the stream and restarts", async () => {
  const first = await start();
  await until(() => core.listening);
  const event = core.happens("statement.tampered", { state: "TAMPERED" });
  await shows(ANNA, "TAMPERED");
  core.breakTails();
  await until(() => core.cursors.length === 2 && core.listening);
  core.tell(event);
  await first.stop();
  core = new FakeCore();
  await start();
  await until(() => core.listening);
  expect(core.cursors).toEqual(["c1"]);
  core.tell(event);
  core.happens("admin.invited", {}, { seq: 9n });
  await shows(ANNA, "admin.invited admin:bob");
  expect(texts(ANNA).filter((text) => text.includes("TAMPERED"))).toHaveLength(1);
  expect(texts(BOB)).toEqual([]);
});

test("a history that is told otherwise than before is an alarm, and stays one", async () => {
  await start();
  await until(() => core.listening);
  const event = core.happens("policy.changed");
  await shows(ANNA, "policy.changed");
  core.tell({ ...event, entryHash: Buffer.alloc(32, 0xee) });
  expect(await shows(ANNA, "cannot be trusted")).toContain("audit 7/1");
  telegram.api.say(ANNA, "/status");
  await shows(ANNA, "The audit was altered");
});

test("a head that the core signed is posted where that is wanted, and an end that contradicts one is an alarm", async () => {
  await start({ sealedHeads: true });
  await until(() => core.listening);
  core.happens("audit.sealed", { number: 7, root: "ab".repeat(32) }, { subject: "audit-head:7", tenantId: "" });
  expect(await shows(ANNA, "A head of the audit")).toContain(`#7 ${"ab".repeat(32)}`);
  core.happens("audit.contradicted", { signedSeq: 9 }, { subject: "shard:5", tenantId: "" });
  expect(await shows(ANNA, "cannot be trusted")).toContain("shard:5");
});

test("an alert that the provider refused for now comes later, and one whose answer was lost says that it may be the second", async () => {
  telegram.faults.add({ method: "sendMessage", kind: "reset-after", times: 1 });
  await start();
  await until(() => core.listening);
  core.happens("bot.veto-alarm");
  await shows(ANNA, "second time");
  expect(texts(ANNA).filter((text) => text.includes("vetoes more than is normal"))).toHaveLength(2);
});

test("somebody else who listens with the bot's token is told", async () => {
  await start();
  const thief = new AbortController();
  const steal = async (): Promise<void> => {
    while (!thief.signal.aborted) {
      const url = `${telegram.apiRoot}bot${FAKE_TOKEN}/getUpdates`;
      const body = JSON.stringify({ timeout: 1 });
      await fetch(url, { method: "POST", body, signal: thief.signal }).catch(() => undefined);
    }
  };
  const stealing = steal();
  try {
    expect(await shows(ANNA, "Another process uses my token")).toContain("stolen");
  } finally {
    thief.abort();
    await stealing;
  }
});

test.each([
  [Role.OWNER, /whose role is OWNER/],
  [Role.ADMIN, /whose role is ADMIN/],
])("a token that opens more than it should (%s) is refused, and the state is free again", async (role, says) => {
  core.role = role;
  await expect(start()).rejects.toThrow(says);
  core = new FakeCore();
  await start();
});

test("a token that is none ends it; a core that is away is waited for", async () => {
  core.refusal = "UNAUTHENTICATED";
  await expect(start()).rejects.toThrow(/refuses the token/);
  core = new FakeCore();
  core.refusal = "UNAVAILABLE";
  const starting = start();
  await until(() => logged.some(({ event }) => event === "core-refused"));
  core.refusal = undefined;
  await starting;
});

test("one process has the state; the next has it after its end", async () => {
  const first = await start();
  await expect(start({ core: new FakeCore() })).rejects.toThrow(/another process uses/);
  await first.stop();
  core = new FakeCore();
  await start();
});

function tempFolderIn(folder: string, run: number): string {
  const path = join(folder, String(run));
  mkdirSync(path);
  return path;
}
