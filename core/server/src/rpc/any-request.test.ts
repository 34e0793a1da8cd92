import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { status } from "@grpc/grpc-js";
import { REQUESTS } from "@countersign/proto/wire-schema";
import fc from "fast-check";
import { openLog } from "../log.ts";
import { servicesOf } from "../services.ts";
import { anyMessage } from "../testing/any-message.ts";
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

const texts = fc.oneof(
  fc.constant("r"),
  fc.nat().map((i) => ids[i % ids.length] ?? ""),
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.constantFrom("PAY", "2026-02-30", "1000", "-1", "cs_conf_x", "\u202e", "a  b", "sandbox", "en"),
);

const requests = new Map(CALLS.map(({ path }) => [path, anyMessage(REQUESTS[path] ?? "", () => texts)]));
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
