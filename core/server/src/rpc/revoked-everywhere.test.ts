// What is revoked at one core counts at every other one: calls are refused and open streams end, while payments go on.
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { status } from "@grpc/grpc-js";
import { BELIEVED_MS } from "../identity/directory.ts";
import { openTestStore, TEST_KEY } from "../store/redis/testing/open-test-store.ts";
import { hasRedis, startRedis, type RedisServer } from "../store/redis/testing/redis-server.ts";
import { openSqliteStore } from "../store/sqlite-store.ts";
import { drawId } from "../store/store-fixture.ts";
import { call } from "../testing/call.ts";
import { newTestKey } from "../testing/core-world.ts";
import { deafened, HOLDERS, paying, type Taken } from "../testing/revocable.ts";
import { SeveralCores, type OneCore, type Streaming } from "../testing/several-cores.ts";
import { createTransaction } from "../transaction/create.ts";
import { isRefusal } from "./refusal.ts";
import { submitStatement } from "../verification/submit-statement.ts";

const CORES = 3;
const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
let redis: RedisServer | undefined;
let several: SeveralCores | undefined;

beforeAll(async () => {
  if (hasRedis) redis = await startRedis({ folder: join(folder, "redis") });
});
afterEach(async () => {
  await several?.close();
  several = undefined;
});
afterAll(() => redis?.stop());

type Store0 = Parameters<typeof SeveralCores.open>[0];

/** Three cores on one Redis; `deaf`: no hint of another core reaches any. */
function overRedis(deaf: boolean): Promise<SeveralCores> {
  const prefix = drawId();
  const port = redis?.port ?? 0;
  const first: Store0 = (clock) => openTestStore(port, prefix, { clock });
  return SeveralCores.open(first, async ({ world: { clock } }) => {
    const stores = [];
    for (let i = 1; i < CORES; i += 1) {
      const store = await openTestStore(port, prefix, { clock });
      stores.push(deaf ? deafened(store) : store);
    }
    return stores;
  });
}

const sqlite: Store0 = (clock) => openSqliteStore({ folder: join(folder, drawId()), macKey: TEST_KEY, clock });

const onSqlite = (): Promise<SeveralCores> => SeveralCores.open(sqlite, () => Promise.resolve([]));

const UNAUTHENTICATED: number = status.UNAUTHENTICATED;

async function isRefused(calling: Promise<unknown>): Promise<boolean> {
  try {
    await calling;
    return false;
  } catch (error) {
    const { code, ended } = error as { readonly code?: number; readonly ended?: { readonly code: number } };
    if (!isUnauthenticated({ code: ended?.code ?? code })) throw error;
    return true;
  }
}

function isUnauthenticated({ code }: { readonly code: number | undefined }): boolean {
  return code === UNAUTHENTICATED;
}

/** Streams at every core, a revocation at the first: each ends, and nobody is let in again. */
async function takeAway(cores: SeveralCores, what: keyof typeof HOLDERS, hints: boolean): Promise<string> {
  several = cores;
  const holder = await HOLDERS[what]?.(cores);
  if (holder === undefined) throw new Error(`${what}: no such row`);
  // One process of a bot at a time: its stream is at the last core, where nobody revokes.
  const places = holder.call === undefined ? cores.cores.slice(-1) : cores.cores;
  const streams: Streaming[] = [];
  for (const core of places) streams.push(await holder.open(core));
  const payments = paying(cores);
  try {
    const isOpen = await isOpenAfter(holder, { cores, streams, hints });
    return (await payments.stop()) > 0 && !isOpen ? "taken away" : "still open somewhere";
  } finally {
    await payments.stop();
  }
}

/** Whether a stream, or a door, stays open. */
async function isOpenAfter(
  holder: Taken,
  of: { readonly cores: SeveralCores; readonly streams: readonly Streaming[]; readonly hints: boolean },
): Promise<boolean> {
  const { cores, streams, hints } = of;
  const [first] = cores.cores;
  if (first === undefined) throw new Error("there is a core");
  await holder.revoke(first);
  // Where no hint comes, what was known before is believed for so long and no longer.
  if (!hints) cores.admins.world.clock.advance(BELIEVED_MS);
  const ends = await Promise.all(streams.map(({ ended }) => ended));
  let isOpen = !ends.every(isUnauthenticated);
  for (const core of cores.cores) {
    // The hint may come a moment after the stream at another core has ended.
    while (holder.call !== undefined && !isOpen && !(await isRefused(holder.call(core)))) isOpen = !hints;
    isOpen ||= !(await isRefused(holder.open(core)));
  }
  return isOpen;
}

const ROWS = Object.keys(HOLDERS);

test.each(ROWS)("one core on SQLite: %s", async (what) => {
  expect(await takeAway(await onSqlite(), what, true)).toBe("taken away");
});

peerTest("three cores on one Redis, by the hint: every holder", async () => {
  for (const what of ROWS) {
    expect([what, await takeAway(await overRedis(false), what, true)]).toEqual([what, "taken away"]);
    await several?.close();
  }
  several = undefined;
});

peerTest("three cores on one Redis, no hint arrives: every holder", async () => {
  for (const what of ROWS) {
    expect([what, await takeAway(await overRedis(true), what, false)]).toEqual([what, "taken away"]);
    await several?.close();
  }
  several = undefined;
});

/** What each core says of a statement of the key, of a payment without a key, and of one without a chat. */
async function keyAndLink(cores: SeveralCores): Promise<string[][]> {
  several = cores;
  const { world } = cores.admins;
  const { tenantId, userId, linkId, key } = world;
  const { token } = cores.anna;
  const [first] = cores.cores;
  if (first === undefined) throw new Error("there is a core");
  const pending = [await world.pending(), await world.pending(), await world.pending()] as const;
  await call(first.admin, "revokeKey", { tenantId, keyId: key.keyId }, token);
  const told: string[][] = [];
  const paid = async ({ given }: OneCore): Promise<string> => {
    const made = await createTransaction(given, world.draft({ requestId: drawId() }));
    return isRefusal(made) ? made.refused : "CREATED";
  };
  for (const [i, core] of cores.cores.entries()) {
    const of = pending[i] ?? pending[0];
    const verdict = await submitStatement(core.given, { txId: of.txId, tenantId: undefined, signed: world.signed(of) });
    told.push([isRefusal(verdict) ? verdict.refused : verdict.state, await paid(core)]);
  }
  // With another key he may be asked, and has no chat.
  await world.addKey({ tenantId, userId }, newTestKey());
  await call(first.admin, "revokeLink", { tenantId, userId, linkId }, token);
  for (const [i, core] of cores.cores.entries()) told[i]?.push(await paid(core));
  return told;
}

/** What only this key could sign was cancelled with it. */
const NOTHING_GOES = ["STATE_CONFLICT", "KEY_NOT_ACCEPTED", "NO_CHANNEL"];

test("one core on SQLite: key and link", async () => {
  expect(await keyAndLink(await onSqlite())).toEqual([NOTHING_GOES]);
});

peerTest("three cores on one Redis, no hint arrives: key and link, at the very next decision", async () => {
  expect(await keyAndLink(await overRedis(true))).toEqual([NOTHING_GOES, NOTHING_GOES, NOTHING_GOES]);
});
