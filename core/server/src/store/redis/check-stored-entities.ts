import type { AuditFinding } from "../../audit/verify-audit.ts";
import type { EntityMac } from "../entity-mac.ts";
import type { Shard } from "../entity.ts";
import { IntegrityError, type Index } from "../store.ts";
import type { NamedEntity } from "./check-stored-chain.ts";
import { membersOf } from "./index-change.ts";
import type { KeyNames } from "./key-names.ts";
import type { RedisLink } from "./redis-link.ts";
import { decodeRow } from "./stored-row.ts";

interface Given {
  readonly link: RedisLink;
  readonly names: KeyNames;
  readonly mac: EntityMac;
}

/** Rows that are asked for in one turn. */
const AT_ONCE = 64;

/** Where a row stands in a core's memory; nobody asks here. */
const NOWHERE = { high: 0, low: 0 };

/** Every row against its MAC, against the version that the chain names last, and against the sets by which it is found. */
export async function checkStoredEntities(
  given: Given,
  shard: Shard,
  named: ReadonlyMap<string, NamedEntity>,
): Promise<{ readonly entities: number; readonly findings: readonly AuditFinding[] }> {
  const all = [...named.values()];
  const findings: AuditFinding[] = [];
  for (let from = 0; from < all.length; from += AT_ONCE) {
    const some = all.slice(from, from + AT_ONCE);
    const faults = await Promise.all(some.map((one) => faultOf(given, shard, one)));
    for (const [i, why] of faults.entries()) {
      const { type, id } = some[i]!.key;
      if (why !== undefined) findings.push({ type: "entity", shard, entity: `${type} ${id}`, why });
    }
  }
  return { entities: all.filter(({ stamp }) => stamp.seq > 0).length, findings };
}

async function faultOf(given: Given, shard: Shard, { key, stamp }: NamedEntity): Promise<string | undefined> {
  const { link, names, mac } = given;
  const name = names.entity(shard, key);
  const stored = await link.command(name, ["GET", name]);
  const row = typeof stored === "string" ? stored : "";
  if (stamp.seq === 0) return row === "" ? undefined : "it was deleted, but its row is there";
  try {
    const { index } = decodeRow(mac, shard, { key, place: NOWHERE, stamp, row });
    return await findingFault(given, shard, { key, stamp }, index);
  } catch (error) {
    if (error instanceof IntegrityError) return error.message;
    throw error;
  }
}

// A row that is withheld from a set is whole, and nobody comes upon it.
async function findingFault(
  { link, names }: Given,
  shard: Shard,
  { key }: NamedEntity,
  index: Index,
): Promise<string | undefined> {
  for (const [set, { member, score }] of membersOf(names, shard, key, index)) {
    const found = await link.command(set, ["ZSCORE", set, member]);
    if (found === null || Number(found) !== score) {
      return `its row says ${score} for ${set.slice(set.indexOf("}") + 2).replaceAll("\0", " ")}, the set does not`;
    }
  }
  return undefined;
}
