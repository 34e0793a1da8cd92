// threat 11: whoever can write to Redis. Each tampering is done past the store, and met by a core that was not there before.
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { macKey } from "@countersign/protocol";
import { tempFolder, testWith } from "@countersign/testing";
import { changing, deleting, drawId, peerKey, seen, SHARD, TENANT, writing } from "../store-fixture.ts";
import { IntegrityError } from "../store.ts";
import { KeyNames } from "./key-names.ts";
import type { RedisStore } from "./redis-store.ts";
import { checkKey } from "./start-checks.ts";
import { openStandaloneLink } from "./standalone-link.ts";
import { linkTo, openTestStore, TEST_KEY } from "./testing/open-test-store.ts";
import { hasRedis, startRedis, type RedisServer } from "./testing/redis-server.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
let server: RedisServer;

beforeAll(async () => {
  if (hasRedis) server = await startRedis({ folder: join(folder, "redis") });
});
afterAll(() => server?.stop());

interface Prepared {
  readonly prefix: string;
  readonly names: KeyNames;
  /** Values of every string key after the second of three rounds. */
  readonly old: ReadonlyMap<string, string>;
  readonly last: RedisStore;
}

const ask = (...command: string[]): Promise<unknown> => server.command(...command);
const text = async (...command: string[]): Promise<string> => (await ask(...command)) as string;

/** "a" and "b" written three times, "gone" deleted, by a core that is still there. */
async function prepare(): Promise<Prepared> {
  const prefix = drawId();
  const names = new KeyNames(prefix);
  const last = await openTestStore(server.port, prefix, { cacheBytes: 0 });
  await last.commit(SHARD, changing([writing("gone", "", "gone")]));
  const old = new Map<string, string>();
  for (const round of ["first", "second", "third"]) {
    for (const id of ["a", "b"]) {
      const { version } = await seen(last, id);
      await last.commit(SHARD, changing([writing(id, version, round, { owner: "ann", sort: 1, due: 5 })]));
    }
    if (round !== "second") continue;
    for (const name of [names.head(SHARD), entity(names, "a"), entity(names, "b"), entity(names, "gone")]) {
      old.set(name, await text("GET", name));
    }
    await last.commit(SHARD, changing([deleting("gone", (await seen(last, "gone")).version)]));
  }
  return { prefix, names, old, last };
}

function entity(names: KeyNames, id: string): string {
  return names.entity(SHARD, peerKey(id));
}

async function edit(name: string, from: string | RegExp, to: string): Promise<void> {
  const value = await text("GET", name);
  const edited = value.replace(from, to);
  expect(edited).not.toBe(value);
  await ask("SET", name, edited);
}

type Tampering = (given: Prepared) => Promise<unknown>;

const ENTITY: readonly (readonly [string, Tampering])[] = [
  ["its body edited", ({ names }) => edit(entity(names, "a"), "third", "thxrd")],
  ["its owner edited", ({ names }) => edit(entity(names, "a"), '"ann"', '"eve"')],
  ["its due time edited", ({ names }) => edit(entity(names, "a"), ",5,", ",6,")],
  ["its index exchanged for no JSON", ({ names }) => edit(entity(names, "a"), /\n\[/, "\n{")],
  ["its version edited", ({ names }) => edit(entity(names, "a"), /^1\.\d+/, "1.1")],
  ["its epoch edited", ({ names }) => edit(entity(names, "a"), /^1\./, "2.")],
  ["its MAC edited", ({ names }) => edit(entity(names, "a"), /\n[A-Za-z0-9_-]{4}([A-Za-z0-9_-]{39})\n/, "\nAAAA$1\n")],
  ["its MAC taken away", ({ names }) => edit(entity(names, "a"), /\n[A-Za-z0-9_-]{43}\n/, "\n\n")],
  ["it deleted", ({ names }) => ask("DEL", entity(names, "a"))],
  ["it rolled back alone", ({ names, old }) => ask("SET", entity(names, "a"), old.get(entity(names, "a"))!)],
  [
    "another one in its place",
    async ({ names }) => ask("SET", entity(names, "a"), await text("GET", entity(names, "b"))),
  ],
  [
    "another one's older version in its place",
    ({ names, old }) => ask("SET", entity(names, "a"), old.get(entity(names, "b"))!),
  ],
];

for (const [what, tamper] of ENTITY) {
  peerTest(`an entity with ${what} is IntegrityError; others work; nothing is written over it`, async () => {
    const given = await prepare();
    const { version } = await seen(given.last, "a");
    await tamper(given);
    const store = await openTestStore(server.port, given.prefix);
    await expect(store.load(SHARD, peerKey("a"))).rejects.toBeInstanceOf(IntegrityError);
    await expect(store.commit(SHARD, changing([writing("a", version, "over it")]))).rejects.toBeInstanceOf(
      IntegrityError,
    );
    await expect(given.last.load(SHARD, peerKey("a"))).rejects.toBeInstanceOf(IntegrityError);
    expect((await seen(store, "b")).note).toBe("third");
    expect(await store.commit(SHARD, changing([writing("c", "", "x")]))).toBe("committed");
    await store.close();
    await given.last.close();
  });
}

peerTest("a row that the core has in memory is compared when it is written", async () => {
  const { prefix, names, last } = await prepare();
  const store = await openTestStore(server.port, prefix);
  const { version } = await seen(store, "a");
  await edit(entity(names, "a"), /^1\.\d+/, "1.1");
  await expect(store.commit(SHARD, changing([writing("a", version, "over it")]))).rejects.toBeInstanceOf(
    IntegrityError,
  );
  await store.close();
  await last.close();
});

peerTest("keys of another type in the way: nothing is written", async () => {
  const { prefix, names, last } = await prepare();
  const store = await openTestStore(server.port, prefix);
  const { version } = await seen(store, "a");
  await ask("DEL", names.due(SHARD));
  await ask("SET", names.due(SHARD), "x");
  const change = changing([writing("a", version, "over it", { due: 7 })]);
  await expect(store.commit(SHARD, change)).rejects.toBeInstanceOf(IntegrityError);
  expect((await seen(store, "a")).note).toBe("third");
  await store.close();
  await last.close();
});

peerTest("what was deleted stays deleted", async () => {
  const { prefix, names, old, last } = await prepare();
  await ask("SET", entity(names, "gone"), old.get(entity(names, "gone"))!);
  const store = await openTestStore(server.port, prefix);
  expect((await seen(store, "gone")).note).toBeUndefined();
  await expect(store.commit(SHARD, changing([writing("gone", "", "again")]))).rejects.toBeInstanceOf(IntegrityError);
  await store.close();
  await last.close();
});

const CHAIN: readonly (readonly [string, Tampering])[] = [
  ["an entry edited", ({ names }) => editEntry(names, 2, '"test.changed"', '"test.charmed"')],
  ["an entry edited with its hash", ({ names }) => editEntry(names, 2, /^[0-9a-f]{4}/, "0000")],
  ["an entry's versions edited", ({ names }) => editEntry(names, -1, /"b","\d+"/, '"b","1"')],
  ["the last entry cut off", ({ names }) => ask("RPOP", names.audit(SHARD))],
  ["the first entry cut off", ({ names }) => ask("LPOP", names.audit(SHARD))],
  ["two entries exchanged", async ({ names }) => exchange(names.audit(SHARD))],
  ["an entry added", ({ names }) => ask("RPUSH", names.audit(SHARD), "x")],
  ["the chain gone", ({ names }) => ask("DEL", names.audit(SHARD))],
  ["the head rolled back", ({ names, old }) => ask("SET", names.head(SHARD), old.get(names.head(SHARD))!)],
  ["the head edited", ({ names }) => edit(names.head(SHARD), /^1 /, "2 ")],
  ["the head exchanged for rubbish", ({ names }) => ask("SET", names.head(SHARD), "x")],
  [
    "the head of another shard",
    async ({ names, last }) => {
      await last.commit(SHARD + 1, changing([]));
      await ask("SET", names.head(SHARD), await text("GET", names.head(SHARD + 1)));
    },
  ],
  ["the head gone", ({ names }) => ask("DEL", names.head(SHARD))],
];

async function editEntry(names: KeyNames, index: number, from: string | RegExp, to: string): Promise<void> {
  const line = await text("LINDEX", names.audit(SHARD), String(index));
  const edited = line.replace(from, to);
  expect(edited).not.toBe(line);
  await ask("LSET", names.audit(SHARD), String(index), edited);
}

async function exchange(list: string): Promise<void> {
  const [first, second] = [await text("LINDEX", list, "1"), await text("LINDEX", list, "2")];
  await ask("LSET", list, "1", second);
  await ask("LSET", list, "2", first);
}

for (const [what, tamper] of CHAIN) {
  peerTest(`a chain with ${what}: nothing is committed on it, and the core that saw more says so`, async () => {
    const given = await prepare();
    await tamper(given);
    const store = await openTestStore(server.port, given.prefix);
    const first = store.commit(SHARD, changing([writing("c", "", "x")]));
    await expect(first).rejects.toBeInstanceOf(IntegrityError);
    expect(await store.commit(SHARD + 2, changing([writing("c", "", "x")]))).toBe("committed");
    await store.close();
    await given.last.close();
  });
}

peerTest("the whole shard set back is met by a core that saw more", async () => {
  const { names, last } = await prepare();
  for (const name of [names.head(SHARD), names.audit(SHARD), entity(names, "a"), entity(names, "b")])
    await ask("DEL", name);
  await expect(last.load(SHARD, peerKey("a"))).rejects.toBeInstanceOf(IntegrityError);
  expect(await last.list(SHARD, "peer", "ann", { tenant: TENANT, limit: 9 })).toHaveLength(2); // only hints
  await last.close();
});

peerTest("a core with another K_store is refused before it serves, and can neither read nor write", async () => {
  const { prefix, names, last } = await prepare();
  const link = await openStandaloneLink(linkTo([server.port]));
  const foreign = macKey(new Uint8Array(32).fill(8));
  await checkKey(link, names, TEST_KEY, { create: true });
  await checkKey(link, names, TEST_KEY, { create: false });
  await expect(checkKey(link, names, foreign, { create: false })).rejects.toThrow("another K_store");
  await expect(checkKey(link, names, foreign, { create: true })).rejects.toThrow("another K_store");
  await link.close();
  const store = await openTestStore(server.port, prefix, { macKey: foreign });
  await expect(store.load(SHARD, peerKey("a"))).rejects.toBeInstanceOf(IntegrityError);
  await expect(store.commit(SHARD, changing([]))).rejects.toBeInstanceOf(IntegrityError);
  await store.close();
  await last.close();
});
