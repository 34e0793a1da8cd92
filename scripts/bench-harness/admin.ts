// node --conditions=source scripts/bench-harness/admin.ts [--json] [--transactions N] [--seconds N] [--rounds N] [--store FOLDER]
// How fast administrators read. A store with N transactions and ten times as many audit entries, filled by the core's own
// code; then the index is built, every list is asked, and consumers of the audit's tail follow 500 commits a second. All in
// one process, so that the event loop that payments would have is watched; without gRPC.
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  AdminServiceListDeliveriesRequest,
  AdminServiceListTransactionsRequest,
  AdminServiceListUsersRequest,
  AdminServiceSimulatePolicyRequest,
} from "@countersign/proto/node/admin/v1/admin_service";
import { AuditServiceListRequest, type AuditServiceTailResponse } from "@countersign/proto/node/admin/v1/audit_service";
import { DeliveryState } from "@countersign/proto/node/core/v1/code_service";
import { State } from "@countersign/proto/node/core/v1/content";
import { listDeliveries } from "../../core/server/src/admin/deliveries.ts";
import { listAudit } from "../../core/server/src/admin/list-audit.ts";
import { listUsers } from "../../core/server/src/admin/list-people.ts";
import { getSummary } from "../../core/server/src/admin/list-summary.ts";
import { listTransactions } from "../../core/server/src/admin/list-transactions.ts";
import { simulatePolicy } from "../../core/server/src/admin/simulate-policy.ts";
import { tailAudit } from "../../core/server/src/admin/tail-audit.ts";
import { tenantOf } from "../../core/server/src/admin/tenant-of.ts";
import { eventsOf } from "../../core/server/src/admin/transaction-events.ts";
import type { CoreGiven } from "../../core/server/src/given.ts";
import { INDEX_FILE } from "../../core/server/src/read-model/index-file.ts";
import { ReadModel } from "../../core/server/src/read-model/read-model.ts";
import { isRefusal } from "../../core/server/src/rpc/refusal.ts";
import { shardOfTransaction, type HexId } from "../../core/server/src/store/entity.ts";
import { ownerOf, transactionKey } from "../../core/server/src/transaction/transaction-key.ts";
import { bootstrapCore } from "./bench-core.ts";
import { memoryOf } from "./memory.ts";
import { OfflineCore } from "./offline-core.ts";
import { LONG_POLICY } from "./p10.ts";
import { inFlight } from "./wire.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    transactions: { type: "string", default: "100000" },
    seconds: { type: "string", default: "60" },
    rounds: { type: "string", default: "30" },
    // Filled once and kept, to be asked again.
    store: { type: "string" },
  },
});
const [TRANSACTIONS, SECONDS, ROUNDS] = [Number(values.transactions), Number(values.seconds), Number(values.rounds)];
const OF_A_USER = 4;
const ENTRIES_A_TRANSACTION = 10;
const never = new AbortController().signal;
const facts: Record<string, number> = {};
const say = (text: string): void => void (process.stderr.isTTY && console.error(text));

const folder = values.store ?? mkdtempSync(join(tmpdir(), "countersign-bench-"));
const MADE = join(folder, "made.json");

async function measure(): Promise<void> {
  const isKept = existsSync(MADE);
  if (!isKept) await bootstrapCore(folder, LONG_POLICY);
  const offline = await OfflineCore.open(folder);
  const began = performance.now();
  const made = isKept ? (JSON.parse(readFileSync(MADE, "utf8")) as HexId[]) : await fill(offline);
  if (values.store !== undefined) writeFileSync(MADE, JSON.stringify(made));
  facts["fill s"] = (performance.now() - began) / 1000;
  const { tenantId } = offline.names;
  const path = join(folder, "data", INDEX_FILE);
  let readModel = await built(offline.given, path, existsSync(path) ? "open" : "build");
  await readModel.close();
  facts["index MB"] = statSync(path).size / 2 ** 20;
  readModel = await built(offline.given, path, "again");
  const given: CoreGiven = { ...offline.given, readModel };
  const rows = await ask(given, tenantId, made);
  const tail = await follow(given, tenantId);
  await readModel.close();
  await offline.close();
  report(rows, tail);
}

async function fill(offline: OfflineCore): Promise<readonly HexId[]> {
  const made: HexId[] = [];
  const users = Array.from({ length: Math.ceil(TRANSACTIONS / OF_A_USER) }, (_, index) => index);
  await inFlight(users, 64, never, async (index) => {
    const { userId } = await offline.addUser(index);
    for (let n = 1; n <= OF_A_USER && index * OF_A_USER + n <= TRANSACTIONS; n++) {
      const txId = await offline.create(userId, index * OF_A_USER + n);
      made.push(txId);
      if (made.length % 10_000 === 0) say(`${made.length} transactions`);
      // What delivery, confirmation and execution would add.
      for (let i = 2; i < ENTRIES_A_TRANSACTION; i++) await note(offline.given, txId, offline.names.tenantId, i);
    }
  });
  return made;
}

const EVENTS = ["delivery.handed", "delivery.sent", "statement.counted", "execution.claimed", "execution.reported"];

async function note({ store }: CoreGiven, txId: HexId, tenant: HexId, n: number): Promise<void> {
  const shard = shardOfTransaction(txId);
  const key = transactionKey(txId);
  const { entities, epoch } = await store.load(shard, key);
  const [{ version: expected, body }] = entities;
  if (body === undefined) throw new Error("a transaction is gone");
  const event = EVENTS[n % EVENTS.length] ?? "";
  const index = { owner: ownerOf(tenant, body.userId), sort: body.createdAt };
  const audit = [
    { event, tenant, actor: "core", subject: `transaction:${txId}`, detail: { state: "SENT", wish: n } },
  ] as const;
  const changeId = randomUUID().replaceAll("-", "");
  await store.commit(shard, { changeId, epoch, writes: [{ key, expected, body, index }], audit });
}

/** In the background, as a core does it, with the event loop watched. */
async function built(given: CoreGiven, path: string, name: string): Promise<ReadModel> {
  const slices: number[] = [];
  const model = new ReadModel({ ...given, path, onSlice: (ms) => slices.push(ms) });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  delay.enable();
  // The first caller waits a moment and goes on; the rest is built while nobody waits.
  await model.use(() => undefined);
  while (model.progress.read < model.progress.of) await sleep(20);
  delay.disable();
  const { user, system } = process.cpuUsage(cpu);
  facts[`${name} s`] = (performance.now() - began) / 1000;
  facts[`${name} CPU s`] = (user + system) / 1e6;
  facts[`${name} slice p99 ms`] = quantile(slices, 0.99);
  facts[`${name} slice max ms`] = Math.max(...slices);
  facts[`${name} loop delay p99 ms`] = delay.percentile(99) / 1e6;
  facts[`${name} loop delay max ms`] = delay.max / 1e6;
  return model;
}

interface Measured {
  readonly name: string;
  readonly p50: number;
  readonly p95: number;
  /** Of this process for one call, on average: what others took of the machine is not in it. */
  readonly cpu: number;
  /** The first call of all: nothing was read from the store for it before. */
  readonly first: number;
}

/** One of them, another each time. */
function any<T>(all: readonly T[], i: number): T {
  return all[(i * 7919) % all.length]!;
}

async function ask(given: CoreGiven, tenantId: HexId, made: readonly HexId[]): Promise<Measured[]> {
  const list = (filter: Partial<AdminServiceListTransactionsRequest>) =>
    listTransactions(given, tenantId, AdminServiceListTransactionsRequest.create(filter));
  const audit = (filter: Partial<AuditServiceListRequest>) =>
    listAudit(given, tenantId, AuditServiceListRequest.create({ newestFirst: true, ...filter }));
  const deep = await pageAfter((pageToken) => list({ pageSize: 100, pageToken }), 20);
  const deepAudit = await pageAfter((pageToken) => audit({ pageSize: 100, pageToken }), 20);
  const loaded = await Promise.all(
    Array.from({ length: ROUNDS }, async (_, i) => {
      const txId = any(made, i);
      return (await given.store.load(shardOfTransaction(txId), transactionKey(txId))).entities[0].body!;
    }),
  );
  const tenant = await tenantOf(given, { kind: "admin", adminId: "x", role: "owner", tenantId: "" } as never, tenantId);
  if (isRefusal(tenant)) throw new Error(tenant.message);
  const simulated = AdminServiceSimulatePolicyRequest.create({ documentJson: '{"tries":2}' });
  const calls: Readonly<Record<string, (i: number) => Promise<unknown>>> = {
    "transactions, newest 20": () => list({}),
    "transactions, newest 100": () => list({ pageSize: 100 }),
    "transactions, page 21 of 100": () => list({ pageSize: 100, pageToken: deep }),
    "transactions of a user": (i) => list({ userId: any(loaded, i).userId }),
    "transactions by tag": (i) => list({ tag: any(loaded, i).tag }),
    "transactions by id prefix, 8 digits": (i) => list({ transactionIdPrefix: any(made, i).slice(0, 8) }),
    "transactions by id prefix, 2 digits": (i) => list({ transactionIdPrefix: any(made, i).slice(0, 2) }),
    "transactions by user prefix, one's": (i) => list({ userIdPrefix: any(loaded, i).userId }),
    "transactions by user prefix, all's": () => list({ userIdPrefix: "bench" }),
    "transactions in state PENDING": () => list({ states: [State.PENDING] }),
    "transactions in a state of none": () => list({ states: [State.TAMPERED, State.LOCKED] }),
    "transactions of a kind of none": () => list({ kinds: [3] }),
    "transactions of a state, user prefix none's": () => list({ states: [State.PENDING], userIdPrefix: "nobody" }),
    "deliveries, first 100": () =>
      listDeliveries(given, tenantId, AdminServiceListDeliveriesRequest.create({ pageSize: 100 })),
    "dead letters": () =>
      listDeliveries(given, tenantId, AdminServiceListDeliveriesRequest.create({ states: [DeliveryState.FAILED] })),
    "users, first 100": () => listUsers(given, tenantId, AdminServiceListUsersRequest.create({ pageSize: 100 })),
    "users by prefix": (i) =>
      listUsers(given, tenantId, AdminServiceListUsersRequest.create({ userIdPrefix: any(loaded, i).userId })),
    "audit, newest 100": () => audit({ pageSize: 100 }),
    "audit, page 21 of 100": () => audit({ pageSize: 100, pageToken: deepAudit }),
    "audit by event": () => audit({ event: "transaction.created" }),
    "audit by beginning of event": () => audit({ event: "delivery." }),
    "audit of a transaction": (i) => audit({ subject: `transaction:${any(made, i)}` }),
    "audit by text, one transaction": (i) => audit({ text: any(made, i).slice(4, 24) }),
    "audit by text, hundred transactions": (i) => audit({ text: any(made, i).slice(0, 4) }),
    "audit by text, two letters": (i) => audit({ text: any(made, i).slice(24, 26) }),
    "audit by text, many": () => audit({ text: "delivery" }),
    "audit by text, nothing": () => audit({ text: "no such text" }),
    "events of a transaction": (i) => eventsOf(given, any(loaded, i)),
    "summary of a tenant": () => getSummary(given, tenantId),
    "summary of all": () => getSummary(given, undefined),
    "simulate 200": () => simulatePolicy(given, tenant, simulated),
  };
  const rows: Measured[] = [];
  for (const [name, call] of Object.entries(calls)) {
    const times: number[] = [];
    const before = process.cpuUsage();
    for (let i = 0; i < ROUNDS; i++) {
      const began = performance.now();
      const answer = await call(i);
      times.push(performance.now() - began);
      if (isRefusal(answer)) throw new Error(`${name}: ${answer.message}`);
    }
    const { user, system } = process.cpuUsage(before);
    const cpu = (user + system) / 1000 / ROUNDS;
    rows.push({ name, p50: quantile(times, 0.5), p95: quantile(times, 0.95), cpu, first: times[0] ?? 0 });
  }
  return rows;
}

async function pageAfter(page: (token: string) => Promise<unknown>, pages: number): Promise<string> {
  let token = "";
  for (let i = 0; i < pages; i++) token = ((await page(token)) as { readonly nextPageToken: string }).nextPageToken;
  return token;
}

const RATE = 500;
const FAST = 4;
const SLOW_MS = 200;
const EVERY_MS = 20;

interface Followed {
  readonly committed: number;
  readonly told: readonly number[];
  readonly slow: number;
  readonly lateMs: number;
  readonly beforeMb: number;
  readonly afterMb: number;
  readonly heapBeforeMb: number;
  readonly heapAfterMb: number;
  readonly cpuShare: number;
}

/** Consumers that read at once, and one that takes its time; what they are told is counted, and memory looked at. */
async function follow(given: CoreGiven, tenantId: HexId): Promise<Followed> {
  const over = new AbortController();
  const told = Array.from({ length: FAST + 1 }, () => 0);
  const tailing = { tenant: undefined, events: ["bench.tailed"], cursor: "" };
  const streams = told.map((_, i) =>
    tailAudit(given, tailing, over.signal, async ({ events }: AuditServiceTailResponse) => {
      told[i] = (told[i] ?? 0) + events.length;
      if (i === FAST && events.length > 0) await sleep(SLOW_MS);
    }),
  );
  await sleep(200);
  const before = memory();
  const cpu = process.cpuUsage();
  const committed = await commitAtRate(given, tenantId);
  const { user, system } = process.cpuUsage(cpu);
  const ended = performance.now();
  while (told.slice(0, FAST).some((n) => n < committed) && performance.now() - ended < 30_000) await sleep(5);
  const lateMs = performance.now() - ended;
  const after = memory();
  const slow = told[FAST] ?? 0;
  over.abort();
  await Promise.all(streams);
  return {
    ...{ committed, told: told.slice(0, FAST), slow, lateMs, cpuShare: (user + system) / 1e6 / SECONDS },
    ...{ beforeMb: before.rss, afterMb: after.rss, heapBeforeMb: before.heap, heapAfterMb: after.heap },
  };
}

/** After a collection: what is left is in use. */
function memory(): { readonly rss: number; readonly heap: number } {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return { rss: memoryOf(process.pid).allMb, heap: process.memoryUsage().heapUsed / 2 ** 20 };
}

async function commitAtRate({ store }: CoreGiven, tenant: HexId): Promise<number> {
  const began = performance.now();
  const under: Promise<unknown>[] = [];
  let sent = 0;
  while (performance.now() - began < SECONDS * 1000) {
    const due = Math.floor(((performance.now() - began) / 1000) * RATE);
    for (; sent < due; sent++) {
      const shard = (sent * 7) % 1024;
      const changeId = randomUUID().replaceAll("-", "");
      const audit = [{ event: "bench.tailed", tenant, actor: "bench", subject: `n:${sent}`, detail: {} }] as const;
      under.push(store.load(shard).then(({ epoch }) => store.commit(shard, { changeId, epoch, writes: [], audit })));
    }
    await Promise.all(under.splice(0));
    await sleep(EVERY_MS);
  }
  return sent;
}

function quantile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function report(rows: readonly Measured[], tail: Followed): void {
  const load = loadavg()[0] ?? 0;
  if (values.json) return console.log(JSON.stringify({ transactions: TRANSACTIONS, load, facts, rows, tail }));
  console.log(
    `administrators read: ${TRANSACTIONS} transactions, ${TRANSACTIONS * ENTRIES_A_TRANSACTION} entries, load ${load.toFixed(1)}`,
  );
  for (const [name, value] of Object.entries(facts)) console.log(`${name.padEnd(40)}${value.toFixed(1).padStart(10)}`);
  console.log(
    `${"".padEnd(40)}${["p50 ms", "p95 ms", "first ms", "CPU ms"].map((head) => head.padStart(10)).join("")}`,
  );
  for (const { name, p50, p95, first, cpu } of rows) {
    console.log(`${name.padEnd(40)}${[p50, p95, first, cpu].map((ms) => ms.toFixed(1).padStart(10)).join("")}`);
  }
  const { committed, told, slow, lateMs, beforeMb, afterMb, heapBeforeMb, heapAfterMb, cpuShare } = tail;
  console.log(
    `tail: ${committed} commits in ${SECONDS} s; told ${told.join(", ")}, the slow one ${slow}; the last ${lateMs.toFixed(0)} ms late`,
  );
  console.log(
    `tail: memory ${beforeMb.toFixed(0)} MB, then ${afterMb.toFixed(0)} MB; heap ${heapBeforeMb.toFixed(0)} MB, then ${heapAfterMb.toFixed(0)} MB; CPU ${(100 * cpuShare).toFixed(0)} % of a core`,
  );
}

try {
  await measure();
} finally {
  if (values.store === undefined) rmSync(folder, { recursive: true, force: true });
}
