// Heads of a store over Redis: whoever sets a shard back whole deceives the shard, and not the head before.
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { HeadBook, describeAuditFault, openAuditHead } from "@countersign/protocol";
import { tempFolder, testWith } from "@countersign/testing";
import { shardOfUser } from "../store/entity.ts";
import { openTestStore } from "../store/redis/testing/open-test-store.ts";
import { hasRedis, startRedis, type RedisServer } from "../store/redis/testing/redis-server.ts";
import { drawId } from "../store/store-fixture.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { seal } from "./seal.ts";
import { HEAD_SHARD } from "./stored-heads.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
let server: RedisServer;

beforeAll(async () => {
  if (hasRedis) server = await startRedis({ folder: join(folder, "redis") });
});
afterAll(() => server?.stop());

peerTest("a shard that is set back is an alarm at the next head, and the two heads name what is gone", async () => {
  const prefix = drawId();
  const store = await openTestStore(server.port, prefix);
  const world = await CoreWorld.open({ open: async () => store });
  const shard = shardOfUser(world.tenantId, world.userId);
  const keys = (await server.command("KEYS", `${prefix}:{${shard}}:*`)) as string[];
  for (const key of keys) await server.command("COPY", key, `kept:${key}`);
  await world.changeUser({ phrase: "green kettle" });
  const before = await seal(world.given);
  await store.close();
  await server.command("DEL", ...((await server.command("KEYS", `${prefix}:{${shard}}:*`)) as string[]));
  for (const key of keys) await server.command("RENAME", `kept:${key}`, key);

  const other = await openTestStore(server.port, prefix);
  const logged: string[] = [];
  const log = { ...world.given.log, error: (_fields: object, message: string) => void logged.push(message) };
  const given = { ...world.given, store: other, soleCore: false, log };
  const after = await seal(given);
  const audited = await other.audit(HEAD_SHARD, 1, 100);
  await other.close();
  expect(logged).toEqual([expect.stringContaining("its end was lost, or the store was set back")]);
  const told = audited.flatMap(({ events }) => events).find(({ event }) => event === "audit.contradicted");
  expect(told).toMatchObject({ subject: `shard:${shard}`, detail: { signedSeq: 2, lastSeq: 1 } });

  const book = new HeadBook();
  const pinned = { serverId: given.serverId, publicKeys: [given.secrets.publicKey] };
  for (const { line, number } of [before, after]) {
    const head = openAuditHead(line, pinned);
    if (typeof head !== "string") book.add({ name: `head ${number}`, head });
  }
  expect(book.forks().map(describeAuditFault)).toEqual([
    `forked: shard ${shard}, entry 2: head 1 has it, head 2 does not`,
  ]);
});
