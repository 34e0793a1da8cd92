import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { registerHooks } from "node:module";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

// Measures how many Bot API calls a second the whole bot sustains against the strict fake, in a process of its own, which
// enforces 30 a second and bot and 1 new message a second and chat. Prints one JSON line; exits with 1 after a 429.
//   node --conditions=source bots/telegram/src/testing/pace-main.ts [--seconds 60] [--chats 40]

// The kit's test package brings its contract suite along, which wants Jest; nothing of it is called here.
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "@jest/globals"
      ? { url: "data:text/javascript,export const test = () => {}, expect = () => {};", shortCircuit: true }
      : next(specifier, context),
});
const { connectCore, Secret, silentLog, startBot, systemTimer } = await import("@countersign/bot-kit");
const { FakeCore, NoticeType, Phase, sampleDeliver, sampleNotice } = await import("@countersign/bot-kit/testing");
const { TELEGRAM_PACE, TelegramChannel } = await import("../telegram-channel.ts");

interface Call {
  readonly method: string;
  readonly status: number;
  readonly at: number;
}

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, chats: { type: "string", default: "40" } },
  strict: true,
});
const seconds = Number(values.seconds);
const chats = Number(values.chats);
if (!(seconds >= 1 && chats >= 1)) throw new Error("--seconds and --chats are numbers from 1 on");

async function startFake(): Promise<{
  readonly process: ChildProcess;
  readonly apiRoot: string;
  readonly token: string;
}> {
  const entry = fileURLToPath(new URL("fake-bot-api-main.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=source", entry], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const { apiRoot, token } = JSON.parse(line) as { apiRoot: string; token: string };
  return { process: child, apiRoot, token };
}

async function post(url: string, body: unknown): Promise<void> {
  await fetch(url, { method: "POST", body: JSON.stringify(body) });
}

const percentile = (sorted: readonly number[], share: number): number =>
  Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10) / 10;

const fake = await startFake();
const core = await FakeCore.start();
const channel = new TelegramChannel({
  token: new Secret("telegram token", fake.token),
  apiRoot: fake.apiRoot,
  timer: systemTimer,
  log: silentLog,
});
const roundTrips: number[] = [];
const deliver = channel.deliver.bind(channel);
channel.deliver = async (outgoing, signal) => {
  const startedAt = performance.now();
  const id = await deliver(outgoing, signal);
  roundTrips.push(performance.now() - startedAt);
  return id;
};
const bot = await startBot({
  channel,
  core: connectCore({ address: core.address, plaintext: true, token: new Secret("bot token", core.token) }),
  pace: TELEGRAM_PACE,
  zone: "UTC",
  timer: systemTimer,
  log: silentLog,
});

const waits: number[] = [];
let [failures, prompts] = [0, 0];
const over = new AbortController();

async function show(phase: number, chat: number, prompt: number, providerId: string): Promise<string> {
  const notice = phase === Phase.OUTCOME ? sampleNotice(NoticeType.EXECUTED) : undefined;
  const given = { peerId: String(chat), deliveryId: `${chat}-${prompt}`, providerId, notice, notAfter: undefined };
  const startedAt = performance.now();
  const report = await core.deliver(sampleDeliver(phase as Parameters<typeof sampleDeliver>[0], given));
  waits.push(performance.now() - startedAt);
  if ("failed" in report) failures += 1;
  return "sent" in report ? report.sent.providerId : "";
}

async function person(chat: number): Promise<void> {
  await post(`${fake.apiRoot}phone/${chat}/unblock`, {});
  for (let prompt = 0; !over.signal.aborted; prompt += 1) {
    const id = await show(Phase.NOTICE, chat, prompt, "");
    await show(Phase.FULL, chat, prompt, id);
    await show(Phase.OUTCOME, chat, prompt, id);
    prompts += 1;
  }
}

await post(`${fake.apiRoot}limits`, { perBot: 30, perChat: 1 });
const earlier = ((await (await fetch(`${fake.apiRoot}history`)).json()) as Call[]).length;
const startedAt = performance.now();
const people = Array.from({ length: chats }, async (_, at) => person(1_000_001 + at));
await systemTimer.sleep(seconds * 1000);
const elapsed = (performance.now() - startedAt) / 1000;
const history = ((await (await fetch(`${fake.apiRoot}history`)).json()) as Call[]).slice(earlier);
over.abort();
const rss = process.memoryUsage().rss;
await Promise.all(people);
await bot.stop();
core.stop();
fake.process.kill("SIGTERM");

const calls = history.filter(({ method }) => method !== "getUpdates");
const refused = calls.filter(({ status }) => status === 429).length;
// From the first call to the last, by the fake's clock: starting up is no part of the pace.
const span = ((calls.at(-1)?.at ?? 0) - (calls[0]?.at ?? 0)) / 1000;
const sorted = (times: readonly number[]): number[] => times.toSorted((a, b) => a - b);
const latency = (times: readonly number[]): object => ({
  p50: percentile(sorted(times), 0.5),
  p95: percentile(sorted(times), 0.95),
});
const figures = {
  seconds: Math.round(elapsed * 10) / 10,
  chats,
  calls: calls.length,
  callsPerSecond: Math.round(((calls.length - 1) / span) * 100) / 100,
  prompts,
  status429: refused,
  failures,
  roundTripMs: latency(roundTrips),
  deliverMs: latency(waits),
  rssMb: Math.round(rss / 1_048_576),
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
process.exit(refused === 0 && failures === 0 ? 0 : 1);
