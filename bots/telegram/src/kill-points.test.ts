import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  FakeCore,
  NoticeType,
  Phase,
  SAMPLE_CODE,
  sampleDeliver,
  sampleNotice,
  timestampOf,
  type Report,
} from "@countersign/bot-kit/testing";
import { startChild, tempFolder, type Child } from "@countersign/testing";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { FAKE_TOKEN, FakeBotApi, type Fault } from "./testing/index.ts";

const CHAT = 4242;
const folder = tempFolder();
let core: FakeCore;
let telegram: FakeBotApi;
let output: string;

async function startBot(): Promise<Child> {
  const [coreFile, telegramFile] = [join(folder, "core"), join(folder, "telegram")];
  writeFileSync(coreFile, core.token, { mode: 0o600 });
  writeFileSync(telegramFile, FAKE_TOKEN, { mode: 0o600 });
  return startChild("bots/telegram/src/main.ts", [
    ...["--core", core.address, "--plaintext", "--token-file", coreFile],
    ...["--telegram-token-file", telegramFile, "--api-root", telegram.apiRoot, "--zone", "Europe/Berlin"],
  ]);
}

/** The same Deliver as before the crash, as the core repeats it; ids of the provider as far as the core knows them. */
async function repeated(phase: Phase, providerId: string, notAfter?: Date): Promise<Report> {
  const notice = phase === Phase.OUTCOME ? sampleNotice(NoticeType.EXECUTED) : undefined;
  const until = notAfter === undefined ? undefined : timestampOf(notAfter);
  return core.deliver(sampleDeliver(phase, { peerId: String(CHAT), providerId, notice, notAfter: until }));
}

async function killed(bot: Child): Promise<void> {
  await bot.stop("SIGKILL");
  output += bot.output();
  await core.until(() => core.hello === undefined);
}

beforeEach(async () => {
  core = await FakeCore.start();
  telegram = await FakeBotApi.start();
  telegram.api.open(CHAT);
  output = "";
});

afterEach(async () => {
  core.stop();
  await telegram.stop();
});

const providerIdOf = (report: Report): string => ("sent" in report ? report.sent.providerId : "");
const history = (method: string): number => telegram.history.filter((call) => call.method === method).length;

const compact = (text: string): string => text.replaceAll(" ", "");
/** How often the phone was ever shown the code. */
const codesEverShown = (): number =>
  telegram.api.open(CHAT).everShown.filter((text) => compact(text).includes(SAMPLE_CODE)).length;
const seen = (): string[] =>
  telegram.api
    .open(CHAT)
    .view()
    .messages.map(({ text }) => compact(text));

/** A prompt up to the phase before, delivered; the id that the core knows by then. */
async function deliveredBefore(phase: Phase): Promise<string> {
  if (phase === Phase.NOTICE) return "";
  const id = providerIdOf(await repeated(Phase.NOTICE, ""));
  if (phase === Phase.OUTCOME) await repeated(Phase.FULL, id);
  return id;
}

/** Kills the bot when the call of this phase has reached Telegram: before or after it is carried out. */
async function killedAt(bot: Child, phase: Phase, when: "before" | "after", id: string): Promise<void> {
  const method = phase === Phase.NOTICE ? "sendMessage" : "editMessageText";
  const fault: Fault = { method, kind: when };
  telegram.faults.add(fault);
  const calls = history(method);
  const lost = repeated(phase, id).catch(() => undefined);
  while (history(method) === calls) await new Promise((resolve) => setImmediate(resolve));
  await killed(bot);
  expect(await lost).toBeUndefined();
}

function expectNothingLeaked(): void {
  expect(compact(output)).not.toMatch(new RegExp(`${SAMPLE_CODE}|teapot|AMBER|test-token|${core.token}`));
  expect(core.violations).toEqual([]);
}

const POINTS = [
  { name: "notice", phase: Phase.NOTICE, when: "before" },
  { name: "notice", phase: Phase.NOTICE, when: "after" },
  { name: "edit", phase: Phase.FULL, when: "before" },
  { name: "edit", phase: Phase.FULL, when: "after" },
  { name: "outcome", phase: Phase.OUTCOME, when: "before" },
  { name: "outcome", phase: Phase.OUTCOME, when: "after" },
] as const;

test.each(POINTS)(
  "kill point: SIGKILL $when Telegram took the $name: the phone sees the code exactly once, then the outcome without it",
  async ({ phase, when }) => {
    const first = await startBot();
    const known = await deliveredBefore(phase);
    await killedAt(first, phase, when, known);

    const second = await startBot();
    const id = known === "" ? providerIdOf(await repeated(Phase.NOTICE, "")) : known;
    // The core asks for the whole message until it is told that it stands; of an outcome's prompt it was told.
    const asked = phase === Phase.OUTCOME ? [] : [await repeated(Phase.FULL, id)];
    expect(asked.map(providerIdOf)).toEqual(asked.map(() => id));
    expect(codesEverShown()).toBe(1);
    expect(providerIdOf(await repeated(Phase.OUTCOME, id))).toBe(id);
    expect(await second.stop()).toBe(0);
    output += second.output();

    expect(codesEverShown()).toBe(1);
    expect(seen().filter((text) => text.includes(SAMPLE_CODE))).toEqual([]);
    expect(seen().filter((text) => text.includes("Executed"))).toHaveLength(1);
    // A notice may stand twice; it says nothing.
    expect(new Set(seen().filter((text) => !text.includes("Executed")))).toEqual(
      new Set(phase === Phase.NOTICE && when === "after" ? ["Confirmationwaiting"] : []),
    );
    expect(output).toContain('"event":"delivered"');
    expectNothingLeaked();
  },
  400_000,
);

test.each(POINTS.filter(({ phase }) => phase !== Phase.OUTCOME))(
  "kill point: SIGKILL $when Telegram took the $name, and the time of the code is over: no code after that",
  async ({ phase, when }) => {
    const first = await startBot();
    const known = await deliveredBefore(phase);
    await killedAt(first, phase, when, known);
    const before = codesEverShown();

    const second = await startBot();
    const over = new Date(Date.now() - 1);
    for (const late of [Phase.NOTICE, Phase.FULL]) {
      const report = await repeated(late, late === Phase.FULL ? known || "1" : "", over);
      expect("failed" in report).toBe(true);
    }
    expect(await second.stop()).toBe(0);
    output += second.output();
    expect(codesEverShown()).toBe(before);
    expect(before).toBe(phase === Phase.FULL && when === "after" ? 1 : 0);
    expectNothingLeaked();
  },
  400_000,
);
