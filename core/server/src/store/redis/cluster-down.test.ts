// A Cluster loses a master that no replica can follow: it takes nothing until the node is back. docs/protocol/store.md section 8.
import { join } from "node:path";
import { afterEach, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { changing, peerKey, writing } from "../store-fixture.ts";
import { StoreUnavailableError } from "../store.ts";
import { openClusterLink } from "./cluster-link.ts";
import { RedisStore } from "./redis-store.ts";
import { linkTo, TEST_KEY } from "./testing/open-test-store.ts";
import { startCluster, until } from "./testing/redis-cluster.ts";
import { hasRedis } from "./testing/redis-server.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
const ends: (() => Promise<void>)[] = [];
const SHARDS_USED = Array.from({ length: 12 }, (_, i) => i * 85);

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

peerTest(
  "CLUSTERDOWN under load: every call ends, as unknown or unavailable, and all goes on once the node is back",
  async () => {
    const cluster = await startCluster(join(folder, "cluster"));
    ends.push(() => cluster.stop());
    const ports = cluster.servers.map(({ port }) => port);
    const link = await openClusterLink(linkTo(ports, { deadlineMs: 20_000 }));
    const store = new RedisStore({ link, macKey: TEST_KEY, prefix: "t" });
    ends.push(() => store.close());
    const [lost, second, third, replica] = cluster.servers;
    const acknowledged = new Map<number, number>(SHARDS_USED.map((shard) => [shard, 0]));
    const failures: unknown[] = [];
    const over = new AbortController();
    // One payment after the other in each shard, as far as the store answers.
    const load = SHARDS_USED.map(async (shard) => {
      while (!over.signal.aborted) {
        try {
          const { entities, epoch } = await store.load(shard, peerKey("a"));
          const change = changing([writing("a", entities[0].version, "x")], { epoch });
          const said = await store.commit(shard, change);
          const settled = said === "unknown" ? await store.outcome(shard, change.changeId) : said;
          if (settled === "committed") acknowledged.set(shard, acknowledged.get(shard)! + 1);
        } catch (error) {
          failures.push(error);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
    });
    const growsEverywhere = async (): Promise<void> => {
      const before = new Map(acknowledged);
      await until(async () => SHARDS_USED.every((shard) => acknowledged.get(shard)! > before.get(shard)!));
    };
    await growsEverywhere();

    await cluster.notices();
    await replica!.stop();
    await lost!.stop("SIGTERM"); // killed during a write it would have a cut file, and not start again
    await until(async () => {
      const infos = await Promise.all([second!, third!].map((server) => server.command("CLUSTER", "INFO")));
      return infos.every((info) => String(info).includes("cluster_state:fail"));
    });
    await until(async () => failures.some((error) => String(error).includes("CLUSTERDOWN")));
    expect(await store.commit(SHARDS_USED.at(-1)!, changing([writing("b", "", "x")]))).not.toBe("committed");

    const again = await lost!.restart();
    ends.push(() => again.stop());
    await growsEverywhere();
    over.abort();
    await Promise.all(load);
    for (const error of failures) expect(error).toBeInstanceOf(StoreUnavailableError);
    for (const shard of SHARDS_USED) {
      const entries = await store.audit(shard, 1, 100_000);
      const written = entries.flatMap(({ versions }) => versions).length;
      expect(written).toBeGreaterThanOrEqual(acknowledged.get(shard)!);
    }
  },
);
