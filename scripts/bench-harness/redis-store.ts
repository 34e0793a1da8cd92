// node --conditions=source scripts/bench-harness/redis-store.ts [--json] [--commits N] [--repeats N] [--in-flight N] [--fsync always|everysec]
// Goal P7: transitions/s of the store over Redis, beside a bare node-redis that sends the very same calls of the same script,
// made before its clock starts. A transition replaces a transaction (about 1.3 kB) and appends an audit entry. Variants run in
// turn; medians. Redis is started for it on a free port, in a folder that is removed.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { macKey } from "@countersign/protocol";
import type { Call, RedisLink } from "../../core/server/src/store/redis/redis-link.ts";
import { RedisStore } from "../../core/server/src/store/redis/redis-store.ts";
import { openStandaloneLink, type LinkOptions } from "../../core/server/src/store/redis/standalone-link.ts";
import { connectBare, startRedis } from "../../core/server/src/store/redis/testing/redis-server.ts";
import { spreadOf } from "./figures.ts";
import type { AnyWrite, ChangeSet, Store } from "../../core/server/src/store/store.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    commits: { type: "string", default: "8192" },
    repeats: { type: "string", default: "5" },
    "in-flight": { type: "string", default: "64" },
    fsync: { type: "string", default: "always" },
  },
});
const COMMITS = Number(values.commits);
const IN_FLIGHT = Number(values["in-flight"]);
const TENANT = "0123456789abcdef0123456789abcdef";
const NOW = 1_795_371_371_278;
const KEY = macKey(new Uint8Array(32).fill(7));

interface Measured {
  readonly perSecond: number;
  readonly cpuMicros: number;
}

/** Every transition of a transaction of its own, over all shards. */
interface Transition {
  readonly shard: number;
  readonly id: string;
}

const TRANSITIONS: readonly Transition[] = Array.from({ length: COMMITS }, (_, i) => ({
  shard: (i * 389) % 1024,
  id: i.toString(16).padStart(32, "0"),
}));

const folder = mkdtempSync(join(tmpdir(), "countersign-bench-"));
const server = await startRedis({ folder, settings: ["--appendfsync", values.fsync] });
const linkOptions: LinkOptions = {
  servers: [{ host: "127.0.0.1", port: server.port }],
  ...{ tls: undefined, username: undefined, password: undefined, database: 0, deadlineMs: 10_000 },
  durability: { replicas: 0, waitAof: false, waitMs: 1000 },
  onTrouble: (error) => console.error(error.message),
};
let opened = 0;

const variants: Record<string, () => Promise<Measured>> = {
  "bare node-redis": measureBare,
  "store, commit": () => measureStore(false),
  "store, load + commit": () => measureStore(true),
};
const results = new Map<string, Measured[]>();
try {
  for (let repeat = 0; repeat <= Number(values.repeats); repeat++) {
    for (const [name, variant] of Object.entries(variants)) {
      const measured = await variant();
      await server.command("FLUSHALL");
      if (repeat > 0) results.set(name, [...(results.get(name) ?? []), measured]); // the first round warms up
    }
  }
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
report();

function report(): void {
  const rows = [...results].map(([name, measured]) => ({
    name,
    commitsPerSecond: spreadOf(measured.map(({ perSecond }) => perSecond)).median,
    cpuMicrosPerCommit: spreadOf(measured.map(({ cpuMicros }) => cpuMicros)).median,
    range: [Math.min(...measured.map((m) => m.perSecond)), Math.max(...measured.map((m) => m.perSecond))],
  }));
  const p7 = rows[1]!.commitsPerSecond / rows[0]!.commitsPerSecond;
  if (values.json === true) {
    console.log(
      JSON.stringify({ node: process.version, fsync: values.fsync, commits: COMMITS, inFlight: IN_FLIGHT, p7, rows }),
    );
    return;
  }
  for (const { name, commitsPerSecond, cpuMicrosPerCommit, range } of rows) {
    const spread = range.map((n) => n.toFixed(0)).join("-");
    console.log(
      `${name.padEnd(24)} ${commitsPerSecond.toFixed(0).padStart(8)}/s  ${cpuMicrosPerCommit.toFixed(1).padStart(6)} us CPU  (${spread})`,
    );
  }
  console.log(`P7 ${p7.toFixed(2)}`);
}

async function measure(body: () => Promise<void>): Promise<Measured> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await body();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: COMMITS / seconds, cpuMicros: (user + system) / COMMITS };
}

async function inFlight<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) await work(items[next++]!);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

function change({ id }: Transition, expected: string, state: string): ChangeSet {
  const bytes = new Uint8Array(32).fill(5);
  const body = { txId: id, state, nonce: bytes, txDigest: bytes, content: "x".repeat(1000), expiresAt: NOW };
  const key = { type: "transaction", tenant: TENANT, id } as const;
  const write = {
    key,
    expected,
    body,
    index: { owner: "ann@example.org", sort: NOW, due: NOW },
  } as unknown as AnyWrite;
  const detail = { state, note: "y".repeat(120) };
  const audit = [
    { event: "transaction.changed", tenant: TENANT, actor: "core", subject: `transaction:${id}`, detail },
  ] as const;
  return { changeId: crypto.randomUUID().replaceAll("-", ""), epoch: 1, writes: [write], audit };
}

async function open(
  prefix: string,
  around: (link: RedisLink) => RedisLink,
  clock?: { now(): Date },
): Promise<RedisStore> {
  const link = around(await openStandaloneLink(linkOptions));
  const store = new RedisStore({
    link,
    macKey: KEY,
    prefix,
    cacheBytes: 256 * 2 ** 20,
    ...(clock === undefined ? {} : { clock }),
  });
  await store.listen();
  return store;
}

async function created(store: Store): Promise<string[]> {
  const versions: string[] = [];
  await inFlight([...TRANSITIONS.entries()], async ([i, one]) => {
    if ((await store.commit(one.shard, change(one, "", "PENDING"))) !== "committed") throw new Error("not created");
    const key = { type: "transaction", tenant: TENANT, id: one.id } as const;
    versions[i] = (await store.load(one.shard, key)).entities[0].version;
  });
  return versions;
}

async function measureStore(isLoading: boolean): Promise<Measured> {
  const store = await open(`s${opened++}`, (link) => link);
  const versions = await created(store);
  const measured = await measure(() =>
    inFlight([...TRANSITIONS.entries()], async ([i, one]) => {
      if (isLoading) await store.load(one.shard, { type: "transaction", tenant: TENANT, id: one.id });
      const outcome = await store.commit(one.shard, change(one, versions[i]!, "CONFIRMED"));
      if (outcome !== "committed") throw new Error(outcome);
    }),
  );
  await store.close();
  return measured;
}

// The calls of the transitions as the store makes them, on a server that has not run them.
async function measureBare(): Promise<Measured> {
  const prefix = `b${opened++}`;
  const calls = new Map<number, Call[]>();
  let shard = -1;
  let isRecording = false;
  const store = await open(
    prefix,
    (link) => ({
      ...link,
      write: async (call) => {
        if (!isRecording) return link.write(call);
        calls.set(shard, [...(calls.get(shard) ?? []), call]);
        return { reply: ["committed", NOW, call.args[2], call.args[1]], held: true };
      },
    }),
    { now: () => new Date(NOW) },
  );
  const versions = await created(store);
  isRecording = true;
  for (const [i, one] of TRANSITIONS.entries()) {
    ({ shard } = one);
    await store.commit(shard, change(one, versions[i]!, "CONFIRMED"));
  }
  const client = await connectBare(server.port);
  // Calls of one shard build on each other.
  const rounds = TRANSITIONS.map((one) => calls.get(one.shard)!.shift()!);
  const measured = await measure(() =>
    inFlight(rounds, async ({ script, keys, args }) => {
      const reply = await client.sendCommand(["EVALSHA", script.sha, String(keys.length), ...keys, ...args]);
      if (!Array.isArray(reply) || reply[0] !== "committed") throw new Error("a call was not committed");
    }),
  );
  client.destroy();
  await store.close();
  return measured;
}
