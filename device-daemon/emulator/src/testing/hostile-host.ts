import {
  ClientPinCommand,
  CtapCommand,
  type CtapValue,
  encodeCtapRequest,
  HidCommand,
  MAX_MESSAGE,
  Subcommand,
} from "@countersign/key-protocol";
import { type MutatorMessage, type SeededRandom } from "@countersign/key-protocol/testing";
import type { InterfaceName } from "../key.ts";

/** A message that a hostile host sends: well-formed requests, nearly well-formed ones, and noise. */
export function hostileMessage(port: InterfaceName, random: SeededRandom): MutatorMessage {
  switch (random.below(8)) {
    case 0:
      return { command: random.pick(Object.values(HidCommand)), payload: random.bytes(random.below(200)) };
    case 1:
      return { command: HidCommand.PING, payload: random.bytes(random.below(MAX_MESSAGE + 1)) };
    default:
      return port === "fido"
        ? { command: HidCommand.CBOR, payload: hostileCtap(random) }
        : { command: HidCommand.COUNTERSIGN, payload: hostileRequest(random) };
  }
}

function hostileRequest(random: SeededRandom): Uint8Array {
  const subcommand = random.pick<number>([...Object.values(Subcommand), 0, 0xff]);
  return Uint8Array.of(subcommand, ...random.bytes(random.below(40)));
}

/** A CTAP2 request: members that mostly fit, some of them of another type, cut short or with a bit flipped. */
export function hostileCtap(random: SeededRandom): Uint8Array {
  const command = random.pick<number>([...Object.values(CtapCommand), 0, 0x40, 0x41, 0xff]);
  const members = membersOf(command, random).flatMap(([key, value]): [number, CtapValue][] => {
    if (random.below(12) === 0) return [];
    return [[key, random.below(8) === 0 ? anything(random, 0) : value]];
  });
  const message = encodeCtapRequest(command, members);
  if (random.below(10) === 0) return message.slice(0, random.below(message.length + 1));
  if (random.below(10) !== 0) return message.slice(0, MAX_MESSAGE);
  const at = random.below(message.length);
  return message.with(at, (message[at] ?? 0) ^ (1 << random.below(8))).slice(0, MAX_MESSAGE);
}

const RP = "example.com";

function membersOf(command: number, random: SeededRandom): [number, CtapValue][] {
  const hash = random.bytes(32);
  const tag: [number, CtapValue] = [8, random.bytes(random.pick([0, 16, 32]))];
  switch (command) {
    case CtapCommand.MAKE_CREDENTIAL:
      return [
        [1, hash],
        [2, entity(RP)],
        [3, user(random)],
        [4, [algorithm()]],
        [7, options(random)],
        ...some(random, tag),
      ];
    case CtapCommand.GET_ASSERTION:
      return [[1, RP], [2, hash], ...some(random, [3, [descriptor(random)]]), [5, options(random)], [7, 1]];
    case CtapCommand.CLIENT_PIN:
      return [
        [1, random.pick([1, 2, 3])],
        [2, random.pick<number>([...Object.values(ClientPinCommand), 0, 99])],
        [3, point(random)],
        [4, random.bytes(32)],
        [5, random.bytes(64)],
        [6, random.bytes(random.pick([16, 32]))],
        ...some(random, [9, random.below(256)]),
      ];
    case CtapCommand.CREDENTIAL_MANAGEMENT:
    case CtapCommand.CONFIG:
      return [
        [1, random.below(9)],
        [2, new Map([[random.below(5), anything(random, 1)]])],
        [3, 2],
        [4, hash],
      ];
    case CtapCommand.LARGE_BLOBS:
      return [
        ...some(random, [1, random.below(2000)]),
        ...some(random, [2, random.bytes(80)]),
        [3, random.below(90)],
        [4, 80],
      ];
    default:
      return random.below(4) === 0 ? [[1, anything(random, 0)]] : [];
  }
}

function some(random: SeededRandom, member: [number, CtapValue]): [number, CtapValue][] {
  return random.below(2) === 0 ? [] : [member];
}

function entity(id: string): CtapValue {
  return new Map([["id", id]]);
}

function user(random: SeededRandom): CtapValue {
  return new Map<string, CtapValue>([
    ["id", random.bytes(1 + random.below(64))],
    ["name", "x".repeat(random.below(100))],
  ]);
}

function algorithm(): CtapValue {
  return new Map<string, CtapValue>([
    ["alg", -7],
    ["type", "public-key"],
  ]);
}

function descriptor(random: SeededRandom): CtapValue {
  return new Map<string, CtapValue>([
    ["id", random.bytes(random.pick([32, 62, 1]))],
    ["type", "public-key"],
  ]);
}

function options(random: SeededRandom): CtapValue {
  const names = ["rk", "up", "uv", "odd"].filter(() => random.below(3) === 0);
  return new Map(names.map((name) => [name, random.below(2) === 0]));
}

function point(random: SeededRandom): CtapValue {
  return new Map<number, CtapValue>([
    [1, 2],
    [3, -25],
    [-1, 1],
    [-2, random.bytes(32)],
    [-3, random.bytes(32)],
  ]);
}

function anything(random: SeededRandom, depth: number): CtapValue {
  switch (random.below(depth >= 2 ? 4 : 6)) {
    case 0:
      return random.below(1000) - 500;
    case 1:
      return random.bytes(random.below(70));
    case 2:
      return "text".repeat(random.below(5));
    case 3:
      return random.below(2) === 0;
    case 4:
      return [anything(random, depth + 1), anything(random, depth + 1)];
    default:
      return new Map<number | string, CtapValue>([
        [random.below(12), anything(random, depth + 1)],
        ["id", anything(random, depth + 1)],
      ]);
  }
}
