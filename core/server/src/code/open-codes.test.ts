// A restart of Redis ends the epoch of what is open: codes are issued anew without anybody's asking.
import { join } from "node:path";
import { afterEach, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { drawId } from "../store/store-fixture.ts";
import { foundAgain, openTestStore } from "../store/redis/testing/open-test-store.ts";
import { hasRedis, startRedis, type RedisServer } from "../store/redis/testing/redis-server.ts";
import { StoreUnavailableError, type Store } from "../store/store.ts";
import { alterStore } from "../testing/altered-store.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { happen } from "../transaction/happen.ts";
import { OpenCodes } from "./open-codes.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function start(): Promise<RedisServer> {
  const server = await startRedis({ folder: join(folder, drawId()) });
  ends.push(() => server.stop());
  return server;
}

/** Resolves when a message to a chat was written, by whomever. */
function deliveryWritten(store: Store): Promise<void> {
  return new Promise((resolve) => {
    const stop = store.subscribe((_shard, keys, epochBegan) => {
      if (epochBegan === true || !keys.some(({ type }) => type === "delivery")) return;
      stop();
      resolve();
    });
  });
}

async function world(server: RedisServer): Promise<CoreWorld> {
  const opened = await CoreWorld.open({ open: (clock) => openTestStore(server.port, "t", { clock }) });
  ends.push(() => opened.given.store.close());
  return opened;
}

peerTest(
  "a new message is wanted as soon as Redis is back, one for each open code, though two cores see it",
  async () => {
    const server = await start();
    const core = await world(server);
    const other = { ...core.given, store: await openTestStore(server.port, "t", { clock: core.clock }) };
    ends.push(() => other.store.close());
    const { txId } = await core.pending();
    await core.audited("code.reissued"); // both read the shard
    await other.store.load(Number.parseInt(txId.slice(0, 4), 16));
    for (const given of [core.given, other]) {
      const codes = new OpenCodes(given);
      codes.start();
      ends.push(() => codes.stop());
    }
    const written = Promise.race([core.given.store, other.store].map(deliveryWritten));

    await server.stop("SIGKILL");
    const again = await server.restart();
    ends.push(() => again.stop());
    await written;
    await foundAgain(core.given.store); // it may have been the other who wrote it

    const after = await core.transaction(txId);
    expect(after).toMatchObject({ state: "PENDING", triesLeft: 3, resends: 0, issue: { epoch: 2, n: 2 } });
    expect(await core.deliveries()).toMatchObject([{ wanted: { phase: "full", issue: { epoch: 2, n: 2 } } }]);
    expect(await core.audited("code.reissued")).toBe(1);
  },
);

peerTest("what the store cannot take yet is tried again; what ended meanwhile is left alone", async () => {
  const server = await start();
  const core = await world(server);
  const [open, ended] = [await core.pending(), await core.pending()];
  await happen(core.given, ended.txId, { type: "cancelled", by: "app", detail: "" }, "app");
  let refusals = 2;
  const loads = (load: () => Promise<unknown>): Promise<unknown> =>
    refusals-- > 0 ? Promise.reject(new StoreUnavailableError("too few replicas")) : load();
  const codes = new OpenCodes(alterStore(core.given, (commit, ...args) => commit(...args), loads));
  codes.start();
  ends.push(() => codes.stop());
  const written = deliveryWritten(core.given.store);

  await server.stop("SIGKILL");
  const again = await server.restart();
  ends.push(() => again.stop());
  await written;
  expect((await core.transaction(open.txId)).issue).toEqual({ epoch: 2, n: 2 });
  expect(await core.transaction(ended.txId)).toMatchObject({ state: "CANCELLED", issue: { epoch: 1, n: 1 } });
  expect(refusals).toBeLessThan(0);
});
