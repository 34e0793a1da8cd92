import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { status } from "@grpc/grpc-js";
import { MESSAGES, REQUESTS, type WireField } from "@countersign/proto/wire-schema";
import fc from "fast-check";
import { openLog } from "../log.ts";
import { servicesOf } from "../services.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { serveWorld, type ServedWorld } from "../testing/serve-world.ts";
import { PERMISSION } from "./permission.ts";

let world: CoreWorld;
let served: ServedWorld;
const tokens = new Map<string, string>();
const log: string[] = [];
/** Ids that exist, so that requests get beyond the first look-up. */
let ids: string[];

beforeAll(async () => {
  world = await CoreWorld.open();
  for (const scope of ["submit", "execute"] as const)
    tokens.set(scope, (await world.addApp(world.tenantId, scope)).token);
  const { transaction, confirmationToken } = await world.create();
  tokens.set("confirmation", confirmationToken);
  ids = [
    transaction.txId,
    world.key.keyId,
    world.linkId,
    world.userId,
    "alice",
    "",
    "x".repeat(300),
    "EUR",
    "DE89370400440532013000",
  ];
  served = await serveWorld(
    servicesOf({ ...world.given, log: openLog("error", { write: (line) => void log.push(line) }) }),
  );
});
afterAll(() => served.close());

const CALLS = Object.entries(PERMISSION)
  .filter(([path]) => !/\/(Watch\w*|ClaimNext|Attach)$/.test(path))
  .flatMap(([path, callers]) =>
    callers.filter((one) => one !== "grant" && one !== "enrolment").map((one) => ({ path, one })),
  );

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

const delimited = (number: number, bytes: Uint8Array): number[] => [
  ...varint(BigInt((number << 3) | 2)),
  ...varint(BigInt(bytes.length)),
  ...bytes,
];

const numbers = fc.oneof(fc.constantFrom(0n, 1n, 2n, 5n, 47n, 100n, 2n ** 31n - 1n), fc.bigInt(0n, 2n ** 32n - 1n));
const texts = fc.oneof(
  fc.constant("r"),
  fc.nat().map((i) => ids[i % ids.length] ?? ""),
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.constantFrom("PAY", "2026-02-30", "1000", "-1", "cs_conf_x", "\u202e", "a  b", "sandbox", "en"),
);

function valueOf(number: number, [, type]: WireField): fc.Arbitrary<number[]> {
  const tag = varint(BigInt(number << 3));
  switch (type) {
    case "bool":
      return fc.constantFrom([...tag, 0], [...tag, 1]);
    case "int32":
    case "uint32":
    case "int64":
    case "uint64":
      return numbers.map((value) => [...tag, ...varint(type === "int32" ? value % 2n ** 31n : value)]);
    case "string":
      return texts.map((text) => delimited(number, new Uint8Array(Buffer.from(text.toWellFormed()))));
    case "bytes":
      return fc
        .oneof(fc.uint8Array({ maxLength: 80 }), fc.uint8Array({ minLength: 32, maxLength: 32 }))
        .map((bytes) => delimited(number, bytes));
    case "fixed32":
    case "fixed64":
      throw new Error("no request of ours has one");
    default:
      return messageOf(type).map((bytes) => delimited(number, bytes));
  }
}

/** Well-formed requests full of nonsense: at most one member of each oneof, repeated fields up to three times. */
function messageOf(name: string): fc.Arbitrary<Uint8Array> {
  const slots = new Map<string, fc.Arbitrary<number[]>[]>();
  for (const [number, field] of Object.entries(MESSAGES[name] ?? {})) {
    const [own, , rule] = field;
    const one = valueOf(Number(number), field);
    const value = rule === "*" ? fc.array(one, { maxLength: 3 }).map((all) => all.flat()) : one;
    const slot = rule?.startsWith("=") === true ? rule : own;
    slots.set(slot, [...(slots.get(slot) ?? []), value]);
  }
  const parts = [...slots.values()].map((all) => fc.option(fc.oneof(...all), { nil: [], freq: 8 }));
  return fc.tuple(...parts).map((bytes) => Uint8Array.from(bytes.flat()));
}

const requests = new Map(CALLS.map(({ path }) => [path, messageOf(REQUESTS[path] ?? "")]));
const anyCall = fc
  .constantFrom(...CALLS)
  .chain(({ path, one }) =>
    (requests.get(path) ?? fc.constant(new Uint8Array())).map((request) => ({ path, one, request })),
  );

const NEVER = [status.INTERNAL, status.UNKNOWN, status.DEADLINE_EXCEEDED, status.UNIMPLEMENTED];

test("threat 19: no well-formed nonsense is INTERNAL, UNKNOWN or unanswered, whoever sends it", async () => {
  const failed = new Map<string, string>();
  await fc.assert(
    fc.asyncProperty(anyCall, async ({ path, one, request }) => {
      const { code, message } = await served.call(path, request, tokens.get(one));
      if (NEVER.includes(code)) failed.set(path, `${code} ${message} ${Buffer.from(request).toString("hex")}`);
    }),
    { numRuns: 1500 },
  );
  expect([...failed]).toEqual([]);
  expect(log.filter((line) => line.includes("unexpected error"))).toEqual([]);
}, 400_000);
