// Reads a data folder without the core and says whether its audit chains hold. docs/protocol/audit.md section 6.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { equalBytes, hmacSha256, toHex, utf8, type MacKey } from "@countersign/protocol";
import { nameOf } from "../store/change-set.ts";
import { SHARDS, type EntityKey, type EntityType, type Shard } from "../store/entity.ts";
import { EntityMac } from "../store/entity-mac.ts";
import { BUSY_MS, DATABASE_FILE } from "../store/sqlite-database.ts";
import { indexOf } from "../store/sqlite-entity.ts";
import { OLDER_SCHEMAS, SCHEMA_VERSION } from "../store/sqlite-schema.ts";
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
 * last version in the chain. All of it as it is at one moment, whatever a core commits meanwhile. Throws Error when the
 * folder holds no store of this version.
 */
export function verifyAudit(folder: string, macKey?: MacKey): AuditReport {
  const db = openReadOnly(folder);
  try {
    db.exec("BEGIN"); // what the first query sees all of them see
    const heads = new ChainHeads();
    const findings: AuditFinding[] = [];
    for (const row of db.prepare("SELECT node, heads FROM chain_head").all()) {
      if (!heads.setNode(Number(row["node"]), row["heads"]))
        findings.push(rootFinding("a stored head has another form"));
    }
    if (macKey !== undefined) findings.push(...checkRoot(db, heads, macKey));
    const chains = new ChainChecks(heads);
    for (const row of db.prepare("SELECT shard, seq, entry, hash FROM audit ORDER BY number").iterate())
      chains.take(row);
    findings.push(...chains.finish());
    const entities = macKey === undefined ? 0 : checkEntities(db, chains.versions, macKey, findings);
    const { shards, entries } = chains;
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
  const db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS });
  const version = db.prepare("PRAGMA user_version").get()?.["user_version"];
  if (version === SCHEMA_VERSION || Number(version) in OLDER_SCHEMAS) return db;
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

interface ChainCheck {
  seq: number;
  hash: Uint8Array;
  /** Its first fault; nothing after it is looked at. */
  fault: AuditFinding | undefined;
}

/** All chains at once, because their entries lie in one table in order of commit. */
class ChainChecks {
  readonly #heads: ChainHeads;
  readonly #chains: ChainCheck[] = Array.from({ length: SHARDS }, () => ({ seq: 0, hash: GENESIS, fault: undefined }));
  readonly #stray: AuditFinding[] = [];
  /** Last version of each entity by `shard NUL name`, as far as the chains hold; "" once it was deleted. */
  readonly versions = new Map<string, string>();

  constructor(heads: ChainHeads) {
    this.#heads = heads;
  }

  get entries(): number {
    return this.#chains.reduce((sum, { seq }) => sum + seq, 0);
  }

  get shards(): number {
    return this.#chains.filter(({ seq }) => seq > 0).length;
  }

  take(row: Row): void {
    const [shard, seq] = [Number(row["shard"]), Number(row["seq"])];
    const chain = this.#chains[shard];
    if (chain === undefined) this.#stray.push({ type: "entry", shard, seq, why: "there is no such shard" });
    else if (chain.fault === undefined) this.#takeInto(chain, shard, seq, row);
  }

  #takeInto(chain: ChainCheck, shard: Shard, seq: number, row: Row): void {
    const hash = hashEntry(chain.hash, String(row["entry"]));
    const why =
      seq > this.#heads.get(shard).seq ? "it lies beyond the head of its chain" : entryFault(row, shard, seq, hash);
    if (seq > chain.seq + 1 && seq <= this.#heads.get(shard).seq) {
      chain.fault = { type: "missing", shard, firstSeq: chain.seq + 1, lastSeq: seq - 1 };
    } else if (why !== undefined) {
      chain.fault = { type: "entry", shard, seq, why };
    } else {
      for (const [type, tenant, id, version] of decodeEntry(row["entry"] as string).versions) {
        this.versions.set(`${shard}\0${nameOf({ type, tenant, id })}`, version);
      }
      chain.seq = seq;
      chain.hash = hash;
    }
  }

  finish(): AuditFinding[] {
    const faults = this.#chains.map((chain, shard) => chain.fault ?? this.#endFault(chain, shard));
    return [...this.#stray, ...faults.filter((fault) => fault !== undefined)];
  }

  #endFault({ seq, hash }: ChainCheck, shard: Shard): AuditFinding | undefined {
    const head = this.#heads.get(shard);
    if (seq < head.seq) return { type: "missing", shard, firstSeq: seq + 1, lastSeq: head.seq };
    return equalBytes(hash, head.hash)
      ? undefined
      : { type: "entry", shard, seq, why: "it is not the head of its chain" };
  }
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

// Returns how many rows were looked at.
function checkEntities(
  db: DatabaseSync,
  versions: ReadonlyMap<string, string>,
  macKey: MacKey,
  findings: AuditFinding[],
): number {
  const macs = new EntityMac(macKey);
  const seen = new Set<string>();
  for (const row of db.prepare("SELECT * FROM entity ORDER BY row").iterate()) {
    const shard = Number(row["shard"]);
    const key: EntityKey = {
      type: row["type"] as EntityType,
      tenant: row["tenant"] as string,
      id: row["id"] as string,
    };
    const name = `${shard}\0${nameOf(key)}`;
    const why =
      entityFault(row, shard, key, versions.get(name) ?? "", macs) ?? (seen.has(name) ? "it has two rows" : undefined);
    seen.add(name);
    if (why !== undefined) findings.push({ type: "entity", shard, entity: `${key.type} ${key.id}`, why });
  }
  for (const [name, version] of versions) {
    const [shard = "", type = "", , id = ""] = name.split("\0");
    if (version === "" || seen.has(name)) continue;
    const why = `its row is gone; the chain has it at version ${version}`;
    findings.push({ type: "entity", shard: Number(shard), entity: `${type} ${id}`, why });
  }
  return seen.size;
}

function entityFault(row: Row, shard: Shard, key: EntityKey, last: string, macs: EntityMac): string | undefined {
  const version = row["version"] as number;
  if (last === "") return "its row is there although the chain does not have it";
  if (last !== String(version)) return `its row is at version ${version}, the chain has it at ${last}`;
  const mac = macs.of(shard, key, version, indexOf(row), row["body"] as string);
  return equalBytes(mac, row["mac"] as Uint8Array) ? undefined : "its MAC does not fit its row";
}
