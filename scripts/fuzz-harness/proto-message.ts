// Requests that are well formed and full of nonsense, from the table of all fields; and such that are not.
import { MESSAGES, type WireField, type WireType } from "@countersign/proto/wire-schema";
import { mutate } from "./mutate.ts";
import type { SeededRandom } from "./random.ts";

const WIRE_TYPE: Readonly<Record<string, number>> = { fixed64: 1, string: 2, bytes: 2, fixed32: 5 };
const NUMBERS = [0n, 1n, 2n, 5n, 47n, 100n, 2n ** 31n - 1n, 2n ** 32n - 1n, 2n ** 63n - 1n, 2n ** 64n - 1n];
const TEXTS = [
  "r",
  "PAY",
  "EUR",
  "1000",
  "-1",
  "2026-02-30",
  "cs_conf_x",
  "\u202e",
  "a  b",
  "sandbox",
  "en",
  "\0",
  "Ω",
];
const MOST_DEPTH = 6;

/** Bytes that take the place of a request: two in three as the schema says, the others changed after that. */
export function anyRequest(random: SeededRandom, name: string, known: readonly string[]): Buffer {
  const message = anyMessage(random, name, known, 0);
  return random.below(3) === 0 ? mutate(random, message, [message]) : message;
}

function anyMessage(random: SeededRandom, name: string, known: readonly string[], depth: number): Buffer {
  const parts: Buffer[] = [];
  const oneofs = new Set<string>();
  if (depth > MOST_DEPTH) return Buffer.alloc(0);
  for (const [number, field] of Object.entries(MESSAGES[name] ?? {})) {
    const [, , rule] = field;
    if (random.below(8) === 0) continue;
    if (rule?.startsWith("=") === true) {
      // Mostly one alternative.
      if (random.below(3) > 0 || (oneofs.has(rule) && random.below(16) > 0)) continue;
      oneofs.add(rule);
    }
    const times = rule === "*" ? random.below(4) : random.below(64) === 0 ? 2 : 1;
    for (let i = 0; i < times; i++) parts.push(fieldOf(random, Number(number), field, known, depth));
  }
  // Fields in another order are the same message.
  if (random.below(8) === 0) parts.reverse();
  return Buffer.concat(parts);
}

function fieldOf(
  random: SeededRandom,
  number: number,
  [, type]: WireField,
  known: readonly string[],
  depth: number,
): Buffer {
  const wireType = type.startsWith(".") ? 2 : (WIRE_TYPE[type] ?? 0);
  const tag = varint(BigInt(number * 8 + wireType));
  return Buffer.concat([tag, valueOf(random, type, known, depth)]);
}

function valueOf(random: SeededRandom, type: WireType, known: readonly string[], depth: number): Buffer {
  switch (type) {
    case "bool":
      return varint(BigInt(random.below(2)));
    case "int32":
    case "uint32":
      return varint(random.one(NUMBERS) % 2n ** 31n);
    case "int64":
    case "uint64":
      return varint(random.one(NUMBERS));
    case "fixed32":
      return random.bytes(4);
    case "fixed64":
      return random.bytes(8);
    case "string":
      return delimited(Buffer.from(textOf(random, known)));
    case "bytes":
      return delimited(random.bytes(random.one([0, 1, 16, 32, 64, 80, 300])));
    default:
      return delimited(anyMessage(random, type, known, depth + 1));
  }
}

function textOf(random: SeededRandom, known: readonly string[]): string {
  switch (random.below(4)) {
    case 0:
      return random.one(TEXTS);
    case 1:
      return random.bytes(random.below(40)).toString("latin1");
    default:
      return random.one(known);
  }
}

function delimited(bytes: Uint8Array): Buffer {
  return Buffer.concat([varint(BigInt(bytes.length)), bytes]);
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}
