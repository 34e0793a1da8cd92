// Every field of every request of administrators as large as a request may be: long texts, bytes, and lists of what there is.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { status } from "@grpc/grpc-js";
import { MESSAGES, REQUESTS, type WireField } from "@countersign/proto/wire-schema";
import { openLog } from "../log.ts";
import { servicesOf } from "../services.ts";
import { AdminWorld, type TestAdmin } from "../testing/admin-world.ts";
import { bytesField, numberField } from "../testing/any-message.ts";
import { serveWorld, type ServedWorld } from "../testing/serve-world.ts";

let admins: AdminWorld;
let served: ServedWorld;
let anna: TestAdmin;
const log: string[] = [];

beforeAll(async () => {
  admins = await AdminWorld.open();
  const { given } = admins.world;
  served = await serveWorld(servicesOf({ ...given, log: openLog("error", { write: (line) => void log.push(line) }) }));
  anna = await admins.addAdmin("anna", "owner");
  await admins.world.pending();
});
afterAll(() => served.close());

/** Just below 64 KiB. */
const MOST = 64_000;

/** What else it takes to get beyond the first look. */
const KNOWN: Readonly<Record<string, () => string>> = {
  tenant_id: () => admins.world.tenantId,
  user_id: () => admins.world.userId,
  bot_id: () => admins.world.botId,
  link_id: () => admins.world.linkId,
  key_id: () => admins.world.key.keyId,
  request_id: () => "large",
};

function known(message: string, besides: string): Uint8Array[] {
  return Object.entries(MESSAGES[message] ?? {}).flatMap(([number, [name, , rule]]) => {
    const value = rule?.startsWith("=") === true || name === besides ? undefined : KNOWN[name]?.();
    return value === undefined ? [] : [bytesField(Number(number), Buffer.from(value))];
  });
}

/** One field with as much in it as there is room for. */
function large(number: number, [, type, rule]: WireField): Uint8Array | undefined {
  if (type === "string" || type === "bytes") return bytesField(number, Buffer.alloc(MOST, "a"));
  if (type === "bool" || type.startsWith(".") || rule !== "*") return undefined;
  const one = Buffer.from(numberField(number, 1n));
  return Buffer.alloc(one.length * Math.floor(MOST / one.length), one);
}

/** Also of what a request holds in itself. */
function* cases(message: string, depth = 0): Generator<readonly [string, Uint8Array]> {
  for (const [text, field] of Object.entries(MESSAGES[message] ?? {})) {
    const [name, type] = field;
    const bytes = large(Number(text), field);
    if (bytes !== undefined) yield [name, Buffer.concat([...known(message, name), bytes])];
    if (!type.startsWith(".") || depth > 3) continue;
    for (const [inner, held] of cases(type, depth + 1)) {
      yield [`${name}.${inner}`, Buffer.concat([...known(message, name), bytesField(Number(text), held)])];
    }
  }
}

const NEVER: readonly number[] = [status.INTERNAL, status.UNKNOWN, status.DEADLINE_EXCEEDED];
const UNARY = Object.keys(REQUESTS).filter(
  (path) => path.startsWith("/countersign.admin.v1.") && !/\/(Tail|Export|WatchOwnLink|LogOut)$/.test(path),
);

test("threat 19: none of it is a fault of the core's, or more than a client takes as an answer", async () => {
  let calls = 0;
  for (const path of UNARY) {
    for (const [field, bytes] of cases(REQUESTS[path] ?? "")) {
      const token = path.endsWith("/BeginLogin") ? undefined : anna.token;
      const { code, message, details } = await served.call(path, bytes, token);
      const size = message.length + details.length;
      calls += 1;
      if (NEVER.includes(code) || size > 8192)
        throw new Error(`${path} ${field}: ${code}, ${size}: ${message.slice(0, 200)}`);
    }
  }
  expect(calls).toBeGreaterThan(100);
  expect(log.filter((line) => line.includes("unexpected error"))).toEqual([]);
});
