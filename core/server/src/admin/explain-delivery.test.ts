import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type {
  AdminServiceExplainDeliveryResponse,
  DeliveryFinding,
} from "@countersign/proto/node/admin/v1/admin_service";
import { leaseKey } from "../channel/lease.ts";
import { ServedAdmins } from "../testing/admin-world.ts";
import { call, refused } from "../testing/call.ts";
import { drawHexId, type CoreWorld } from "../testing/core-world.ts";
import { reasonNamed } from "./explain-finding.ts";

let world: ServedAdmins;
let core: CoreWorld;
beforeEach(async () => {
  world = await ServedAdmins.open();
  core = world.admins.world;
});
afterEach(() => world.close());

type About = { $case: "userId"; value: string } | { $case: "transactionId"; value: string };

const explain = (about: About): Promise<AdminServiceExplainDeliveryResponse> =>
  call(world.client, "explainDelivery", { tenantId: core.tenantId, about }, world.anna.token);
const ofUser = () => explain({ $case: "userId", value: core.userId });

const reasonOf = (finding: DeliveryFinding | undefined): string => reasonNamed(finding?.reason) ?? "";

/** As if a process of the bot were there, which is handed nothing yet. */
async function attach(): Promise<void> {
  const { botId, tenantId } = core;
  await core.put(leaseKey({ tenantId, botId }), { botId, fence: 1, until: core.given.store.now() + 1e9 });
}

test("the app never asked: nothing to send; once it did, the newest first, each with every channel", async () => {
  await attach();
  const before = await ofUser();
  expect([reasonOf(before.finding), before.transactions]).toEqual(["NO_TRANSACTION", []]);
  expect(before.channels.map(({ finding }) => reasonOf(finding))).toEqual(["READY"]);
  const first = await core.pending();
  core.clock.advance(1000);
  const second = await core.pending();
  const after = await ofUser();
  expect(after.transactions.map(({ transactionId }) => transactionId)).toEqual([second.txId, first.txId]);
  expect(after.transactions[0]?.channels).toMatchObject([{ linkId: core.linkId, platform: "sandbox" }]);
  expect(after.transactions.map(({ finding }) => reasonOf(finding))).toEqual(["WAITING", "WAITING"]);
  expect(after.transactions.map(({ finding }) => finding?.ahead)).toEqual([1, 0]);
});

test("a day later it is over, and asked for by its id it is still told", async () => {
  const { txId } = await core.pending();
  core.clock.advance(24 * 3_600_000 + 1);
  expect(reasonOf((await ofUser()).finding)).toBe("BOT_NOT_ATTACHED");
  expect((await ofUser()).transactions).toEqual([]);
  const told = await explain({ $case: "transactionId", value: txId });
  expect([told.userId, told.transactions.length]).toEqual([core.userId, 1]);
});

test("who stopped the bot, and when", async () => {
  await attach();
  const { botId, tenantId } = core;
  await core.pending();
  await call(world.client, "pauseBot", { tenantId, botId }, world.bob.token);
  const paused = await ofUser();
  expect([reasonOf(paused.finding), paused.finding?.by]).toEqual(["BOT_PAUSED", "admin:bob"]);
  expect(paused.finding?.since?.seconds).toBe(BigInt(Math.floor(core.given.store.now() / 1000)));
  await call(world.client, "disableBot", { tenantId, botId }, world.anna.token);
  const disabled = await ofUser();
  expect([reasonOf(disabled.finding), disabled.finding?.by]).toEqual(["BOT_DISABLED", "admin:anna"]);
});

test.each([
  ["FROZEN", "USER_FROZEN"],
  ["BLOCKED", "USER_BLOCKED"],
  ["SUSPENDED", "USER_SUSPENDED"],
] as const)("a user who is %s: before everything else", async (state, reason) => {
  await core.pending();
  await core.changeUser({ state });
  expect(reasonOf((await ofUser()).finding)).toBe(reason);
});

test("who has no channel, or no key, is told so", async () => {
  await attach();
  await core.changeUser({ linkIds: [] });
  expect(reasonOf((await ofUser()).finding)).toBe("NO_CHANNEL");
  await core.changeUser({ linkIds: [core.linkId], keyIds: [] });
  expect(reasonOf((await ofUser()).finding)).toBe("NO_KEY");
});

test("a channel is told by itself, and no answer holds a code", async () => {
  await attach();
  const transaction = await core.pending();
  const told = await ofUser();
  const text = JSON.stringify(told, (_name, value: unknown) => (typeof value === "bigint" ? String(value) : value));
  // Beside ids and moments, which have the same digits in a row by chance.
  expect(text).not.toMatch(new RegExp(`(?<![0-9a-f])${core.code(transaction)}(?![0-9a-f])`));
});

const ask = (about: About | undefined) =>
  refused(call(world.client, "explainDelivery", { tenantId: core.tenantId, about }, world.anna.token));

test("exactly one thing is asked about, and what is nobody's is not found", async () => {
  expect((await ask(undefined)).reason).toBe("BAD_INPUT");
  expect((await ask({ $case: "userId", value: "nobody" })).reason).toBe("NOT_FOUND");
  expect((await ask({ $case: "transactionId", value: drawHexId() })).reason).toBe("UNKNOWN_TRANSACTION");
});
