import { readFileSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { encodeMessage, HidCommand, HidError } from "@countersign/key-protocol";
import { ReportMutator } from "@countersign/key-protocol/testing";
import { decodeFidoState } from "../fido/fido-state.ts";
import { type InterfaceName, type PoweredKey, powerOn } from "../key.ts";
import { readyBench } from "./bench.ts";
import { hostileMessage } from "./hostile-host.ts";
import { LeanHost } from "./lean-host.ts";
import { claimsPresence } from "./presence-claim.ts";

// The key against a hostile host on both interfaces, in a process of its own (see frame-fuzz.test.ts): its end is the test's verdict on crashes,
// its one line the figures. Nobody touches the key, so nothing may be signed. Arguments: seed, reports.
//
// RSS is what the requirement names; `live` is heap and buffers without what the allocator keeps for later. Both are
// taken after full collections and compared with the state after the first tenth.

const [seed = 1, count = 1_000_000] = process.argv.slice(2).map(Number);

/** The hostile host changes the interface this often, in reports. */
const TURN = 50;

/** The clock is turned on this often, in reports, so that requests which wait for a person end and others begin. */
const PASS_EVERY = 200;

/** Longer than a request of FIDO may wait for a person, in milliseconds. */
const PASS_MS = 41_000;

/** Longer than any request may wait for a person, in milliseconds. */
const LONG_MS = 301_000;

/** Garbage is collected this often, in reports: else RSS is that of the highest heap of garbage between two collections. */
const COLLECT_EVERY = 5_000;

/** A careful host asks this often, in reports of the hostile one. */
const LOOK_EVERY = 2_000;

/** What the careful host met: echo, BUSY, or that its channel was forgotten and it took a new one; or nothing at all. */
const met = { echo: 0, busy: 0, forgotten: 0, silent: 0 };

type End = {
  readonly port: InterfaceName;
  readonly host: LeanHost;
  readonly mutator: ReportMutator;
  careful: number;
  presence: number;
};

const { store, profile } = readyBench().bench;
const hosts = { fido: new LeanHost("fido"), vendor: new LeanHost("vendor") };
let now = 0;
const key = powerOn({
  profile,
  store,
  clock: { now: () => now },
  random: (length) => crypto.getRandomValues(new Uint8Array(length)),
  sendReport: { fido: (report) => hosts.fido.hear(report), vendor: (report) => hosts.vendor.hear(report) },
});

function pass(ms: number): void {
  now += ms;
  key.tick();
}

function endOf(port: InterfaceName, at: number, powered: PoweredKey): End {
  const host = hosts[port];
  const channels = [host.open(powered), host.open(powered), host.open(powered)];
  const message = hostileMessage.bind(undefined, port);
  const mutator = new ReportMutator({ seed: seed + at, channels: () => channels, message });
  return { port, host, mutator, careful: host.open(powered), presence: 0 };
}

function look(end: End): void {
  const { host } = end;
  if (end.port === "fido") end.presence += host.take().filter(claimsPresence).length;
  else host.take();
  host.send(key, encodeMessage(end.careful, HidCommand.PING, Uint8Array.of(0xca, 0x5e)));
  const answer = host.take().findLast(({ channel }) => channel === end.careful);
  if (answer?.command === HidCommand.PING) met.echo++;
  else if (answer?.payload[0] === HidError.CHANNEL_BUSY) met.busy++;
  else if (answer?.payload[0] === HidError.INVALID_CHANNEL) {
    met.forgotten++;
    end.careful = host.open(key);
  } else met.silent++;
}

/**
 * What the process holds in memory or in swap, in bytes: RSS without the pages of files, which the kernel takes away and
 * gives back as it likes.
 */
function held(): number {
  const status = readFileSync("/proc/self/status", "latin1");
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? 0);
  return 1024 * (kilobytes("RssAnon") + kilobytes("VmSwap"));
}

async function memory(): Promise<{ readonly rss: number; readonly live: number }> {
  for (let at = 0; at < 3; at++) {
    globalThis.gc?.();
    await nextTurn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return { rss: held(), live: heapUsed + external };
}

function signed(): { readonly statements: number; readonly fido: number } {
  const state = store.load();
  const statements = (state?.credentials ?? []).reduce((all, { counter }) => all + counter, 0);
  return { statements, fido: decodeFidoState(state?.fido ?? new Uint8Array(0)).counter };
}

async function fuzz(): Promise<void> {
  const ends = (["fido", "vendor"] as const).map((port, at) => endOf(port, at, key));
  let first: Awaited<ReturnType<typeof memory>> | undefined;
  const from = performance.now();
  for (let sent = 0; sent < count; sent++) {
    const end = ends[Math.floor(sent / TURN) % ends.length];
    const { report, late } = end?.mutator.next() ?? { report: new Uint8Array(0), late: false };
    if (late) pass(600);
    end?.host.send(key, [report]);
    if (sent % PASS_EVERY === 0) pass(PASS_MS);
    if (sent % COLLECT_EVERY === 0) globalThis.gc?.();
    if (sent % LOOK_EVERY === 0) ends.forEach(look);
    if (sent === Math.floor(count / 10)) first = await memory();
  }
  const seconds = (performance.now() - from) / 1000;
  const last = await memory();
  pass(LONG_MS);
  const during = { ...met };
  ends.forEach(look);
  ends.forEach(look);
  const presence = ends.reduce((all, end) => all + end.presence, 0);
  const afterwards = met.echo - during.echo;
  console.log(JSON.stringify({ ready: true, seconds, first, last, during, afterwards, signed: signed(), presence }));
}

await fuzz();
