// A WAIT whose master dies counts for nothing, whoever answers it in that master's place.
import { join } from "node:path";
import { expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { openRedisLink } from "./open-redis-link.ts";
import { LinkError } from "./redis-link.ts";
import { OUTCOME_SCRIPT } from "./scripts.ts";
import { linkTo } from "./testing/open-test-store.ts";
import { until } from "./testing/redis-cluster.ts";
import { startSentinelSet } from "./testing/redis-sentinel.ts";
import { hasRedis, startRedis } from "./testing/redis-server.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
const call = { script: OUTCOME_SCRIPT, keys: ["k"], args: ["600000", "ab", "0"] };

peerTest("a master dies between script and WAIT: its follower's replicas are not counted for it", async () => {
  const set = await startSentinelSet(join(folder, "set"));
  // Of the replica, so that the master has one and its follower will have one too.
  const settings = ["--replicaof", `127.0.0.1 ${set.replica.port}`, "--repl-diskless-sync-delay", "0"];
  const second = await startRedis({ folder: join(folder, "second"), settings });
  const durability = { replicas: 1, waitAof: false, waitMs: 60_000 };
  const link = await openRedisLink(linkTo(set.sentinelPorts, { durability, deadlineMs: 60_000 }));
  try {
    await until(async () => String(await set.replica.command("INFO", "replication")).includes("state=online"));
    await link.write(call); // the server knows the script from now on
    await set.failsOver();
    set.replica.process.kill("SIGSTOP");
    const written = link.write(call).then(
      ({ held }) => held,
      () => "lost",
    );
    await until(async () => / flags=b .* cmd=wait /.test(String(await set.master.command("CLIENT", "LIST"))));
    await set.master.stop("SIGKILL");
    set.replica.process.kill("SIGCONT");
    // Sentinel ends the connections of whom it promotes, this one too.
    const said = (): Promise<unknown> => set.replica.command("INFO", "replication").catch(() => "");
    await until(async () => String(await said()).includes("role:master"));
    expect([false, "lost"]).toContain(await written);
    await until(async () => {
      try {
        return (await link.write(call)).held;
      } catch (error) {
        expect(error).toBeInstanceOf(LinkError); // until the library knows the new master
        return false;
      }
    });
  } finally {
    await link.close();
    await second.stop();
    await set.stop();
  }
});
