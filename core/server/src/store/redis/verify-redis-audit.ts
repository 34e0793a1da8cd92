// Reads what lies in Redis without a core, and says whether its audit chains hold. docs/protocol/audit.md section 6.
import { toHex, type MacKey } from "@countersign/protocol";
import { ChainHeads, type ChainHead } from "../../audit/chain-heads.ts";
import type { AuditFinding, AuditReport } from "../../audit/verify-audit.ts";
import { EntityMac } from "../entity-mac.ts";
import { SHARDS, type Shard } from "../entity.ts";
import { IntegrityError, StoreUnavailableError } from "../store.ts";
import { checkStoredChain, type ChainCheck } from "./check-stored-chain.ts";
import { checkStoredEntities } from "./check-stored-entities.ts";
import type { KeyNames } from "./key-names.ts";
import type { RedisLink } from "./redis-link.ts";
import { HELD_SCRIPT, LOAD_SCRIPT } from "./scripts.ts";
import { decodeHead, type ShardHead } from "./shard-head.ts";

/** What is read, and with whose key. */
export interface VerifyGiven {
  readonly link: RedisLink;
  readonly names: KeyNames;
  readonly macKey: MacKey;
  /** Heads that were sealed before, by shard: each chain must lead through its own. */
  readonly sealed?: ReadonlyMap<Shard, ChainHead>;
}

/** The report, and the heads that it is about: all of them held by as many servers as `--store-replicas` says. */
export interface RedisAudit {
  readonly report: AuditReport;
  readonly heads: ChainHeads;
}

interface ShardReport {
  readonly head: ShardHead | undefined;
  readonly entries: number;
  readonly entities: number;
  readonly findings: readonly AuditFinding[];
}

/** Shards looked at side by side. */
const AT_ONCE = 16;

/** Cores may write meanwhile: a shard with findings whose head moved is looked at again, so often at most. */
const MOST_LOOKS = 8;

/** Checks every chain, every entity that the chains name, and how each is found. Rejects with LinkError, StoreUnavailableError. */
export async function verifyRedisAudit(given: VerifyGiven): Promise<RedisAudit> {
  const mac = new EntityMac(given.macKey);
  const heads = new ChainHeads();
  const reports: ShardReport[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < SHARDS) {
      const shard = next++;
      const report = await checkShard(given, mac, shard);
      reports[shard] = report;
      if (report.head !== undefined && report.head.seq > 0) heads.set(shard, report.head);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const findings = reports.flatMap((report) => report.findings);
  const sum = (of: (report: ShardReport) => number): number => reports.reduce((all, report) => all + of(report), 0);
  const report: AuditReport = {
    ok: findings.length === 0,
    shards: sum(({ entries }) => (entries > 0 ? 1 : 0)),
    entries: sum(({ entries }) => entries),
    entities: sum(({ entities }) => entities),
    root: toHex(heads.root()),
    findings,
  };
  return { report, heads };
}

async function checkShard(given: VerifyGiven, mac: EntityMac, shard: Shard): Promise<ShardReport> {
  for (let look = 1; ; look++) {
    const before = await readHead(given, shard);
    const report = await checkUpTo(given, mac, shard, before);
    if (report.findings.length === 0 || look === MOST_LOOKS) return report;
    if ((await readHead(given, shard)) === before) return report;
  }
}

// Only what no failover takes back is worth a report, or a seal.
async function readHead({ link, names }: VerifyGiven, shard: Shard): Promise<string> {
  const [keys, args] = [
    [names.head(shard), names.audit(shard)],
    ["0", "", "0"],
  ];
  const { reply, held } = await link.write(
    link.waits
      ? { script: HELD_SCRIPT, keys: [...keys, names.held(shard)], args }
      : { script: LOAD_SCRIPT, keys, args },
  );
  if (!held) throw new StoreUnavailableError("too few replicas have what was read: verify again once they are there");
  return (reply as [number, string, string])[2];
}

async function checkUpTo(given: VerifyGiven, mac: EntityMac, shard: Shard, text: string): Promise<ShardReport> {
  let head: ShardHead;
  try {
    head = decodeHead(given.macKey, shard, text);
  } catch (error) {
    if (!(error instanceof IntegrityError)) throw error;
    const why = `shard ${shard}: its stored head was not written by this installation`;
    return { head: undefined, entries: 0, entities: 0, findings: [{ type: "root", why }] };
  }
  const chain: ChainCheck = await checkStoredChain(given, shard, head, given.sealed?.get(shard));
  if (chain.fault !== undefined) return { head, entries: chain.entries, entities: 0, findings: [chain.fault] };
  const { entities, findings } = await checkStoredEntities({ ...given, mac }, shard, chain.stamps);
  return { head, entries: chain.entries, entities, findings };
}
