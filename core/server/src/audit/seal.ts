// Signs where all chains stand, and keeps it. docs/protocol/audit.md section 5.
import { AUDIT_GENESIS, signAuditHead, toHex, type OpenedHead } from "@countersign/protocol";
import type { CoreGiven } from "../given.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { RefusalError } from "../rpc/refusal-of-error.ts";
import type { AnyWrite, AuditDraft, Store } from "../store/store.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { readChainEnds, type ChainEnds, type Contradiction } from "./chain-ends.ts";
import {
  HEAD_SHARD,
  headCountKey,
  headKey,
  headOf,
  HEADS,
  KEPT_HEADS,
  openStored,
  type StoredHead,
} from "./stored-heads.ts";

/** Contradictions that one head tells one by one. */
const MOST_TOLD = 16;

const running = new WeakMap<Store, Promise<StoredHead>>();

/**
 * The next head. Where several cores make one at a time, the one that commits first has made it, and the others' is
 * nobody's: their signature leaves the process nowhere. Rejects as the store does.
 */
export function seal(given: CoreGiven): Promise<StoredHead> {
  const known = running.get(given.store);
  if (known !== undefined) return known;
  const made = sealOnce(given).finally(() => running.delete(given.store));
  running.set(given.store, made);
  return made;
}

/** The newest head, if it is that young; else a new one. */
export async function headOfLate(given: CoreGiven, oldestMs: number): Promise<StoredHead> {
  const { entities, now } = await given.store.load(HEAD_SHARD, headCountKey);
  const newest = await headOf(given, entities[0].body?.number ?? 0);
  return newest !== undefined && now - newest.at < oldestMs ? newest : seal(given);
}

async function sealOnce(given: CoreGiven): Promise<StoredHead> {
  const settled = await untilSettled(() => attempt(given));
  if (isRefusal(settled)) throw new RefusalError(settled);
  return settled;
}

async function attempt(given: CoreGiven): Promise<StoredHead | undefined> {
  const { store, secrets, serverId } = given;
  const number = ((await store.load(HEAD_SHARD, headCountKey)).entities[0].body?.number ?? 0) + 1;
  const before = await headOf(given, number - 1);
  const opened = before === undefined ? undefined : openStored(given, before);
  const ends = await readChainEnds(given, opened?.heads ?? new Map());
  const keys = [headCountKey, headKey(number), headKey(number - KEPT_HEADS)] as const;
  const { entities, epoch, now } = await store.load(HEAD_SHARD, ...keys);
  const [count, made, old] = entities;
  if (made.body !== undefined) return made.body; // another core was faster
  if ((count.body?.number ?? 0) !== number - 1) return undefined;
  const head = { at: now, number, previous: opened?.hash ?? AUDIT_GENESIS, heads: ends.heads };
  const body: StoredHead = { number, at: now, line: signAuditHead(head, serverId, secrets.sign) };
  const writes: AnyWrite[] = [
    { key: headCountKey, expected: count.version, body: { number, posted: count.body?.posted ?? 0 } },
    { key: made.key, expected: "", body, index: { owner: HEADS, sort: number } },
    ...(old.body === undefined ? [] : [{ key: old.key, expected: old.version, body: undefined }]),
  ];
  const audit = [sealedEvent(openStored(given, body)), ...contradicted(given, ends)] as const;
  const outcome = await commitOnce(given, HEAD_SHARD, { epoch, writes, audit });
  return outcome === "committed" ? body : undefined;
}

/** What whoever follows the audit hears: enough to hold any copy of the head against. */
function sealedEvent({ number, root, at, heads }: OpenedHead): AuditDraft {
  const entries = entriesOf(heads);
  const detail = { number, root: toHex(root), signedAt: new Date(at).toISOString(), entries };
  return { event: "audit.sealed", tenant: "", actor: "core", subject: `audit-head:${number}`, detail };
}

/** Entries of all chains. */
export function entriesOf(heads: OpenedHead["heads"]): number {
  return [...heads.values()].reduce((sum, { seq }) => sum + seq, 0);
}

/** It is signed all the same: two heads that contradict each other are the evidence, and silence is none. */
function contradicted({ log }: CoreGiven, { heads, contradictions }: ChainEnds): AuditDraft[] {
  for (const { shard, signed } of contradictions) {
    const found = heads.get(shard)?.seq ?? 0;
    log.error(
      { shard, signed: signed.seq, found, alarm: true },
      "ALARM: a chain does not lead through the entry that was signed: its end was lost, or the store was set back",
    );
  }
  return contradictions.slice(0, MOST_TOLD).map((one) => draftOf(one, heads.get(one.shard)?.seq ?? 0));
}

function draftOf({ shard, signed }: Contradiction, found: number): AuditDraft {
  const detail = { signedSeq: signed.seq, signedHash: toHex(signed.hash), lastSeq: found };
  return { event: "audit.contradicted", tenant: "", actor: "core", subject: `shard:${shard}`, detail };
}
