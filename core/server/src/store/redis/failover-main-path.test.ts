// A failover in the middle of an open transaction: design of codes over epochs, with real Sentinels and a real promotion.
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { tempFolder, testWith, type FakeClock } from "@countersign/testing";
import type { CoreGiven } from "../../given.ts";
import { isRefusal } from "../../rpc/refusal.ts";
import { CoreWorld } from "../../testing/core-world.ts";
import { submitStatement } from "../../verification/submit-statement.ts";
import { drawId } from "../store-fixture.ts";
import { openRedisLink } from "./open-redis-link.ts";
import { RedisStore } from "./redis-store.ts";
import { foundAgain, linkTo, TEST_KEY } from "./testing/open-test-store.ts";
import { startSentinelSet, type SentinelSet } from "./testing/redis-sentinel.ts";
import { hasRedis } from "./testing/redis-server.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
let set: SentinelSet;

beforeAll(async () => {
  if (hasRedis) set = await startSentinelSet(join(folder, "set"));
});
afterAll(() => set?.stop());

async function openStore(prefix: string, clock: FakeClock): Promise<RedisStore> {
  const store = new RedisStore({
    link: await openRedisLink(linkTo(set.sentinelPorts, { deadlineMs: 20_000 })),
    ...{ macKey: TEST_KEY, prefix, clock },
  });
  await store.listen();
  return store;
}

peerTest(
  "D1: after a failover the code that is out is CODE_SUPERSEDED and no try, on every core; a new message goes out, its code confirms",
  async () => {
    const prefix = drawId();
    const world = await CoreWorld.open({ open: (clock) => openStore(prefix, clock) });
    const { given, tenantId } = world;
    const other: CoreGiven = { ...given, store: await openStore(prefix, world.clock) };
    const before = await world.pending();
    const { txId } = before;
    expect(before.issue).toEqual({ epoch: 1, n: 1 });
    expect(await world.deliveries()).toMatchObject([{ wanted: { phase: "full", issue: { epoch: 1, n: 1 } } }]);
    await other.store.load(0);

    await set.failsOver();
    await set.master.stop("SIGKILL");
    await Promise.all([given, other].map(({ store }) => foundAgain(store)));

    // What he typed from the old message, sent to both cores at once.
    const old = { txId, tenantId, signed: world.signed(before) };
    const refused = await Promise.all([submitStatement(other, old), submitStatement(given, old)]);
    expect(refused.map((one) => (isRefusal(one) ? one.refused : one.state))).toEqual(
      Array.from(refused, () => "CODE_SUPERSEDED"),
    );
    const after = await world.transaction(txId);
    expect(after).toMatchObject({ state: "PENDING", triesLeft: 3, resends: 0, issue: { epoch: 2 } });
    expect(await world.deliveries()).toMatchObject([{ wanted: { phase: "full", issue: after.issue } }]);
    expect(await world.audited("statement.accepted")).toBe(0);
    // Again, as a client that lost the answer does; and another statement over the old code.
    expect(await submitStatement(given, old)).toMatchObject({ refused: "CODE_SUPERSEDED" });
    const again = { txId, tenantId, signed: world.signed(before) };
    expect(await submitStatement(other, again)).toMatchObject({ refused: "CODE_SUPERSEDED" });
    expect((await world.transaction(txId)).triesLeft).toBe(3);

    const right = { txId, tenantId, signed: world.signed(after) };
    expect(await submitStatement(other, right)).toMatchObject({ state: "CONFIRMED" });
    expect(await world.audited("statement.accepted")).toBe(1);
    await other.store.close();
    await given.store.close();
  },
);
