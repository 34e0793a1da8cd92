// Reads a data folder without the core and says whether its audit chains hold. docs/protocol/audit.md section 6.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { equalBytes, hmacSha256, toHex, utf8, type MacKey } from "@countersign/protocol";
import { nameOf } from "../store/change-set.ts";
import { SHARDS, type EntityKey, type EntityType, type Shard } from "../store/entity.ts";
import { macOfEntity } from "../store/entity-mac.ts";
import { DATABASE_FILE } from "../store/sqlite-database.ts";
import { indexOf } from "../store/sqlite-entity.ts";
import { positionOf, SCHEMA_VERSION, seqOf } from "../store/sqlite-schema.ts";
import { decodeEntry, GENESIS, hashEntry } from "./audit-entry.ts";
import { ChainHeads, macOfRoot } from "./chain-heads.ts";

/** What is wrong. `entry` findings name the first broken entry of a shard, `missing` the first range that is not there. */
export type AuditFinding =
  | { readonly type: "missing"; readonly shard: Shard; readonly firstSeq: number; readonly lastSeq: number }
  | { readonly type: "entry"; readonly shard: Shard; readonly seq: number; readonly why: string }
  | { readonly type: "entity"; readonly shard: Shard; readonly entity: string; readonly why: string }
  | { readonly type: "root"; readonly why: string };

export interface AuditReport {
  readonly ok: boolean;
  readonly shards: number;
  readonly entries: number;
  /** Entities checked against the chains; 0 without K_store. */
  readonly entities: number;
  /** Hex Merkle root over the heads: what sealed heads sign, and what two copies of a store are compared by. */
  readonly root: string;
  readonly findings: readonly AuditFinding[];
}

/** Rows with as many names as the tables have columns; read only, so a foreign database cannot surprise the writer. */
type Row = Readonly<Record<string, unknown>>;

/**
 * Checks every chain against its head. With K_store also the root's MAC, and every entity's row against its MAC and its
 * last version in the chain. Throws Error when the folder holds no store of this version.
 */
export function verifyAudit(folder: string, macKey?: MacKey): AuditReport {
  const db = openReadOnly(folder);
  try {
    const heads = new ChainHeads();
    const findings: AuditFinding[] = [];
    for (const row of db.prepare("SELECT node, heads FROM chain_head").all()) {
      if (!heads.setNode(Number(row["node"]), row["heads"]))
        findings.push(rootFinding("a stored head has another form"));
    }
    if (macKey !== undefined) findings.push(...checkRoot(db, heads, macKey));
    let [shards, entries, entities] = [0, 0, 0];
    for (let shard = 0; shard < SHARDS; shard++) {
      const chain = checkChain(db, heads, shard);
      findings.push(...chain.findings);
      entries += chain.entries;
      if (chain.entries > 0) shards += 1;
      if (macKey === undefined) continue;
      const rows = checkEntities(db, shard, chain.versions, macKey);
      findings.push(...rows.findings);
      entities += rows.checked;
    }
    return { ok: findings.length === 0, shards, entries, entities, root: toHex(heads.root()), findings };
  } finally {
    db.close();
  }
}

/** One line for a person. */
export function describeFinding(finding: AuditFinding): string {
  switch (finding.type) {
    case "missing":
      return `shard ${finding.shard}: entries ${finding.firstSeq} to ${finding.lastSeq} are missing`;
    case "entry":
      return `shard ${finding.shard}: entry ${finding.seq} is broken: ${finding.why}`;
    case "entity":
      return `shard ${finding.shard}: ${finding.entity}: ${finding.why}`;
    case "root":
      return `the store: ${finding.why}`;
  }
}

function openReadOnly(folder: string): DatabaseSync {
  const path = join(folder, DATABASE_FILE);
  if (!existsSync(path)) throw new Error(`${folder}: no ${DATABASE_FILE} here; name the data folder of a core`);
  const db = new DatabaseSync(path, { readOnly: true });
  const version = db.prepare("PRAGMA user_version").get()?.["user_version"];
  if (version === SCHEMA_VERSION) return db;
  db.close();
  throw new Error(`${path} has schema ${String(version)}, this verifier reads ${SCHEMA_VERSION}`);
}

function checkRoot(db: DatabaseSync, heads: ChainHeads, macKey: MacKey): AuditFinding[] {
  const row = db.prepare("SELECT generation, mac, key_check FROM store_root").get();
  if (row === undefined)
    return db.prepare("SELECT 1 FROM audit LIMIT 1").get() === undefined
      ? []
      : [rootFinding("it has entries but no root")];
  if (!equalBytes(row["key_check"] as Uint8Array, hmacSha256(macKey, utf8("countersign/store-key-check/v1\0")))) {
    return [rootFinding("it was written under another K_store; name the secrets folder that belongs to it")];
  }
  const mac = macOfRoot(macKey, Number(row["generation"]), heads.root());
  return equalBytes(mac, row["mac"] as Uint8Array)
    ? []
    : [rootFinding("the heads of its chains are not those of its last commit")];
}

function rootFinding(why: string): AuditFinding {
  return { type: "root", why };
}

interface CheckedChain {
  readonly entries: number;
  readonly findings: readonly AuditFinding[];
  /** Last version of each entity by name, as far as the chain holds. */
  readonly versions: ReadonlyMap<string, string>;
}

function checkChain(db: DatabaseSync, heads: ChainHeads, shard: Shard): CheckedChain {
  const head = heads.get(shard);
  const versions = new Map<string, string>();
  const range = db.prepare("SELECT position, entry, hash FROM audit WHERE position BETWEEN ? AND ? ORDER BY position");
  let previous = GENESIS;
  let seq = 0;
  const broken = (...findings: AuditFinding[]): CheckedChain => ({ entries: seq, findings, versions });
  for (const row of range.iterate(positionOf(shard, 0), positionOf(shard + 1, 0) - 1)) {
    const found = seqOf(row["position"] as number);
    if (found > head.seq)
      return broken({ type: "entry", shard, seq: found, why: "it lies beyond the head of its chain" });
    if (found !== seq + 1) return broken({ type: "missing", shard, firstSeq: seq + 1, lastSeq: found - 1 });
    const hash = hashEntry(previous, row["entry"] as string);
    const why = entryFault(row, shard, found, hash);
    if (why !== undefined) return broken({ type: "entry", shard, seq: found, why });
    for (const [type, tenant, id, version] of decodeEntry(row["entry"] as string).versions) {
      versions.set(nameOf({ type, tenant, id }), version);
    }
    seq = found;
    previous = hash;
  }
  if (seq < head.seq) return broken({ type: "missing", shard, firstSeq: seq + 1, lastSeq: head.seq });
  if (!equalBytes(previous, head.hash))
    return broken({ type: "entry", shard, seq, why: "it is not the head of its chain" });
  return broken();
}

// The row's text is attacker-controlled: whatever it holds, the answer is a finding.
function entryFault(row: Row, shard: Shard, seq: number, hash: Uint8Array): string | undefined {
  if (!equalBytes(hash, row["hash"] as Uint8Array))
    return "its hash does not follow from the entry before it and its content";
  try {
    const entry = decodeEntry(row["entry"] as string);
    return entry.shard === shard && entry.seq === seq ? undefined : "it belongs to another place";
  } catch {
    return "it is not in canonical form";
  }
}

function checkEntities(
  db: DatabaseSync,
  shard: Shard,
  versions: ReadonlyMap<string, string>,
  macKey: MacKey,
): { readonly checked: number; readonly findings: readonly AuditFinding[] } {
  const findings: AuditFinding[] = [];
  const seen = new Set<string>();
  const fault = (key: EntityKey, why: string): void => {
    findings.push({ type: "entity", shard, entity: `${key.type} ${key.id}`, why });
  };
  for (const row of db.prepare("SELECT * FROM entity WHERE shard = ?").iterate(shard)) {
    const key: EntityKey = {
      type: row["type"] as EntityType,
      tenant: row["tenant"] as string,
      id: row["id"] as string,
    };
    const version = row["version"] as number;
    const last = versions.get(nameOf(key)) ?? "";
    seen.add(nameOf(key));
    const mac = macOfEntity(macKey, shard, key, version, indexOf(row), row["body"] as string);
    if (last === "") fault(key, "its row is there although the chain does not have it");
    else if (last !== String(version)) fault(key, `its row is at version ${version}, the chain has it at ${last}`);
    else if (!equalBytes(mac, row["mac"] as Uint8Array)) fault(key, "its MAC does not fit its row");
  }
  for (const [name, version] of versions) {
    const [type = "", tenant = "", id = ""] = name.split("\0");
    if (version !== "" && !seen.has(name))
      fault({ type: type as EntityType, tenant, id }, `its row is gone; the chain has it at ${version}`);
  }
  return { checked: seen.size, findings };
}
