// What the verifier of a store over Redis says of each way to edit it. docs/protocol/audit.md section 6.
import { generateKeyPairSync, sign } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { coseKeyOfJwk, fromHex } from "@countersign/protocol";
import { tempFolder, testWith } from "@countersign/testing";
import { describeFinding } from "../../audit/verify-audit.ts";
import { ChainHeads } from "../../audit/chain-heads.ts";
import { changing, deleting, drawId, SHARD, TENANT, writing } from "../store-fixture.ts";
import { KeyNames } from "./key-names.ts";
import { openSeal, sealHeads, SealError, type Sealer } from "./sealed-heads.ts";
import type { RedisLink } from "./redis-link.ts";
import { openStandaloneLink } from "./standalone-link.ts";
import { linkTo, openTestStore, TEST_KEY } from "./testing/open-test-store.ts";
import { hasRedis, startRedis, type RedisServer } from "./testing/redis-server.ts";
import { verifyRedisAudit, type RedisAudit, type VerifyGiven } from "./verify-redis-audit.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
let server: RedisServer;

beforeAll(async () => {
  if (hasRedis) server = await startRedis({ folder: join(folder, "redis") });
});
afterAll(() => server?.stop());

const OTHER_SHARD = 900;

/** Three entries in one shard, one in another; a entity in every set, one replaced, one deleted. */
async function fill(): Promise<string> {
  const prefix = drawId();
  const store = await openTestStore(server.port, prefix);
  await store.commit(SHARD, changing([writing("a", "", "1", { owner: "ann", sort: 5, due: 9, lane: "bot" })]));
  await store.commit(SHARD, changing([writing("b", "", "1"), writing("c", "", "1")]));
  await store.commit(SHARD, changing([writing("b", "2", "2"), deleting("c", "2")]));
  await store.commit(OTHER_SHARD, changing([writing("d", "", "1")]));
  await store.close();
  return prefix;
}

async function verify(prefix: string, more: Partial<VerifyGiven> = {}): Promise<RedisAudit> {
  const link = await openStandaloneLink(linkTo([server.port]));
  try {
    return await verifyRedisAudit({ link, names: new KeyNames(prefix), macKey: TEST_KEY, ...more });
  } finally {
    await link.close();
  }
}

peerTest("a store that nobody edited holds, and two readings have one root", async () => {
  const prefix = await fill();
  const { report } = await verify(prefix);
  expect(report).toMatchObject({ ok: true, shards: 2, entries: 4, entities: 3, findings: [] });
  expect((await verify(prefix)).report.root).toBe(report.root);
  expect((await verify(await fill())).report.root).not.toBe(report.root);
});

const ENTITY = `entity:peer\0${TENANT}\0`;
const MEMBER = `peer\0${TENANT}\0a`;
const EDITS: readonly { readonly what: string; readonly edit: readonly string[]; readonly says: RegExp }[] = [
  { what: "a head of another", edit: ["SET", "head", "1 1 x"], says: /its stored head was not written/ },
  { what: "no head", edit: ["DEL", "head"], says: /shard 7: entry 1 is broken: it lies beyond the head/ },
  {
    what: "an entry edited",
    edit: ["LSET", "audit", "1", `${"0".repeat(64)} {}`],
    says: /entry 2 is broken: its hash/,
  },
  { what: "the last entry gone", edit: ["RPOP", "audit"], says: /entries 3 to 3 are missing/ },
  { what: "an entry appended", edit: ["RPUSH", "audit", "x"], says: /entry 4 is broken: it lies beyond/ },
  { what: "a row gone", edit: ["DEL", `${ENTITY}a`], says: /peer a: .*its row is gone/ },
  { what: "a row edited", edit: ["APPEND", `${ENTITY}a`, " "], says: /peer a: .*its MAC does not fit/ },
  { what: "a deleted row back", edit: ["SET", `${ENTITY}c`, "1.2\n[]\nx\n{}"], says: /peer c: it was deleted/ },
  {
    what: "withheld from due",
    edit: ["ZREM", "due", MEMBER],
    says: /peer a: its row says 9 for due, the set does not/,
  },
  { what: "put off", edit: ["ZADD", "due", "99", MEMBER], says: /its row says 9 for due/ },
  { what: "withheld from a lane", edit: ["ZREM", "lane:bot", MEMBER], says: /its row says 5 for lane:bot/ },
  { what: "withheld from a list", edit: ["DEL", `list:peer\0${TENANT}\0ann`], says: /its row says -5 for list:peer/ },
];

for (const { what, edit, says } of EDITS) {
  peerTest(`${what} is named`, async () => {
    const prefix = await fill();
    const [command = "", key = "", ...rest] = edit;
    await server.command(command, `${prefix}:{${SHARD}}:${key}`, ...rest);
    const { report } = await verify(prefix);
    expect(report.ok).toBe(false);
    expect(report.findings.map(describeFinding)).toEqual([expect.stringMatching(says)]);
  });
}

async function copyShard(prefix: string): Promise<() => Promise<void>> {
  const keys = (await server.command("KEYS", `${prefix}:{${SHARD}}:*`)) as string[];
  for (const key of keys) await server.command("COPY", key, `kept:${key}`, "REPLACE");
  return async () => {
    const now = (await server.command("KEYS", `${prefix}:{${SHARD}}:*`)) as string[];
    await server.command("DEL", ...now);
    for (const key of keys) await server.command("RENAME", `kept:${key}`, key);
  };
}

peerTest("a shard set back whole holds by itself, and is named against heads that were sealed", async () => {
  const prefix = await fill();
  const setBack = await copyShard(prefix);
  const store = await openTestStore(server.port, prefix);
  await store.commit(SHARD, changing([writing("b", "3", "revoked")]));
  await store.close();
  const sealed = openSeal(sealHeads((await verify(prefix)).heads, 0, sealer), sealer);
  expect((await verify(prefix, { sealed })).report.ok).toBe(true);
  await setBack();
  expect((await verify(prefix)).report.ok).toBe(true);
  const gone = (await verify(prefix, { sealed })).report;
  expect(gone.findings.map(describeFinding)).toEqual(["shard 7: entries 4 to 4 are missing"]);
  // Gone on from there, so that it is long enough.
  const other = await openTestStore(server.port, prefix);
  await other.commit(SHARD, changing([writing("b", "3", "as if nothing")]));
  await other.commit(SHARD, changing([]));
  await other.close();
  const forked = (await verify(prefix, { sealed })).report;
  expect(forked.findings.map(describeFinding)).toEqual([
    "shard 7: entry 4 is broken: it is not the entry that was sealed here",
  ]);
});

peerTest("a chain that grows, and a row that is replaced, while they are read are no finding", async () => {
  const prefix = await fill();
  const store = await openTestStore(server.port, prefix);
  const link = await openStandaloneLink(linkTo([server.port]));
  const moments = new Set<string>();
  // Right before the chain is read, and right before the row.
  const command: RedisLink["command"] = async (key, parts) => {
    const moment = `${parts[0]} ${key}`;
    const isThere = key === `${prefix}:{${SHARD}}:audit` || key === `${prefix}:{${SHARD}}:${ENTITY}b`;
    if (isThere && !moments.has(moment)) {
      moments.add(moment);
      const version = String(2 + moments.size);
      expect(await store.commit(SHARD, changing([writing("b", version, "x", { due: 1 })]))).toBe("committed");
    }
    return link.command(key, parts);
  };
  const { report } = await verify(prefix, { link: { ...link, command } });
  expect(moments.size).toBe(2);
  expect(report).toMatchObject({ ok: true, entries: 6 });
  await link.close();
  await store.close();
});

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const sealer: Sealer = {
  serverId: "ab".repeat(16),
  publicKey: coseKeyOfJwk(publicKey.export({ format: "jwk" })),
  sign: (bytes) => new Uint8Array(sign("sha256", bytes, { key: privateKey, dsaEncoding: "ieee-p1363" })),
};

test("a seal is read by whom it was made for, and no other text is one", () => {
  const heads = new ChainHeads();
  const head = { epoch: 2, seq: 9, hash: fromHex("ab".repeat(32)) };
  heads.set(SHARD, head);
  const text = sealHeads(heads, 5, sealer);
  expect([...openSeal(text, sealer)]).toEqual([[SHARD, head]]);
  expect(() => openSeal(text, { ...sealer, serverId: "cd".repeat(16) })).toThrow("another installation");
  for (const forged of ["", "{}", text.replace("9,", "8,"), text.replace(/"signature":"../, '"signature":"00')]) {
    expect(() => openSeal(forged, sealer)).toThrow(SealError);
  }
});
