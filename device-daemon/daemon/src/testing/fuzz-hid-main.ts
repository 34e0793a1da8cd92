import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Mode } from "@countersign/protocol";
import { pino } from "pino";
import { HidBus } from "../hid/hid-bus.ts";
import { HidSmartKey } from "../key/hid-smart-key.ts";
import type { KeyKind } from "../key/attached-key.ts";
import { KeyRegistry } from "../key/key-registry.ts";
import { HostileKey } from "./hostile-key.ts";

// The daemon's HID stack against a hostile device, in a process of its own (run with --expose-gc): its end is the test's
// verdict on crashes, its last line the figures on memory.
//
// RSS is what the requirement names, and it is taken after full collections, so that it holds what is in use and what the
// allocator keeps, not garbage that nobody has collected yet. `live` is the same without the allocator: heap, buffers
// and what the engine counts outside of it. Both are compared with the state after the first tenth, when code is compiled
// and pools have their size.

const [seed = 1, count = 1_000_000] = process.argv.slice(2).map(Number);
const BATCH = 16;

/** Memory in use, in bytes. */
interface Memory {
  readonly rss: number;
  readonly live: number;
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

async function memory(): Promise<Memory> {
  for (let at = 0; at < 3; at++) {
    globalThis.gc?.();
    await nextTurn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return { rss: held(), live: heapUsed + external };
}

const never = { signal: new AbortController().signal };

/** Asks a hostile key for everything that the daemon asks keys for, until it is closed. */
async function askOn(hostile: HostileKey, failures: Map<string, number>): Promise<void> {
  const failed = (cause: unknown): void => {
    const name = cause instanceof Error ? cause.name : String(cause);
    failures.set(name, (failures.get(name) ?? 0) + 1);
  };
  const key = await HidSmartKey.connect(new HidBus(hostile)).catch(failed);
  if (key === undefined) return;
  for (let times = 0; !hostile.closed; times++) {
    await key.info(never).catch(failed);
    const session = await key.open().catch(failed);
    if (session === undefined) continue;
    const ids = { keyId: randomBytes(16), serverId: randomBytes(16), txId: randomBytes(16), nonce: randomBytes(32) };
    const request = { ...ids, content: randomBytes(1200), mode: Mode.KEY_SHOWS, expiresInS: 60 };
    const presented = session.present(request, { ...never, onStep: () => undefined }).catch(failed);
    // A second of waiting each time: the answer that it wants hardly ever comes.
    if (times % 4_096 === 4_095) await session.supplyCode("123456").catch(failed);
    await presented;
    await key.setPin(true, never).catch(failed);
  }
}

/** The same by the registry, as it meets a device that is plugged in. */
async function attach(hostile: HostileKey, kind: KeyKind): Promise<void> {
  await new KeyRegistry(pino({ level: "silent" })).attach(hostile, kind);
  hostile.close();
}

// Mostly asked in earnest; now and then met as a device is that has just been plugged in, of either kind.
async function talkTo(hostile: HostileKey, round: number, failures: Map<string, number>): Promise<void> {
  if (round % 4 === 1) return attach(hostile, "countersign");
  if (round % 4 === 3) return attach(hostile, "fido2");
  return askOn(hostile, failures);
}

async function fuzz(): Promise<void> {
  const failures = new Map<string, number>();
  let sent = 0;
  let first: Memory | undefined;
  const from = performance.now();
  for (let round = 0; sent < count; round++) {
    const hostile = new HostileKey(seed + round);
    const talk = talkTo(hostile, round, failures);
    const until = Math.min(count, sent + count / 20);
    while (!hostile.closed && sent < until) {
      hostile.flood(BATCH);
      sent += BATCH;
      await nextTurn();
    }
    hostile.close();
    await talk;
    if (first === undefined && sent >= count / 10) first = await memory();
  }
  const seconds = (performance.now() - from) / 1000;
  const figures = { sent, seconds, first: first ?? (await memory()), last: await memory(), failures: [...failures] };
  console.log(JSON.stringify(figures));
}

await fuzz();
