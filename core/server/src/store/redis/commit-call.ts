// A change set as one call of the commit script. docs/protocol/store.md section 8.
import { encodeEntry, hashEntry } from "../../audit/audit-entry.ts";
import { toHex, type MacKey } from "@countersign/protocol";
import type { StoredBody } from "../body-codec.ts";
import type { EntityMac } from "../entity-mac.ts";
import type { Shard, UnixMs } from "../entity.ts";
import type { AnyWrite, ChangeSet, Index } from "../store.ts";
import type { Place } from "../witness-table.ts";
import { encodeHint, type Hint } from "./hint.ts";
import { indexChanges, type IndexChange } from "./index-change.ts";
import type { KeyNames } from "./key-names.ts";
import type { Call } from "./redis-link.ts";
import { COMMIT_SCRIPT } from "./scripts.ts";
import { encodeHead, type ShardHead } from "./shard-head.ts";
import { encodeRow, numberOf, stampText, type Stamp } from "./stored-row.ts";

/** How long Redis remembers whether a change was committed, for whoever asks after "unknown". */
const CHANGE_KEPT_MS = 60 * 60_000;

export const CHANGE_KEPT: string = String(CHANGE_KEPT_MS);

/** A write with all that can be prepared before its turn. */
export interface PreparedWrite {
  readonly write: AnyWrite;
  /** In the cache. */
  readonly name: string;
  readonly place: Place;
  /** Undefined deletes, as does its text. */
  readonly stored: StoredBody | undefined;
  readonly text: string | undefined;
  readonly index: Index;
}

/** An entity that must stand at this version, and where the witness has it. */
export interface PreparedRead {
  readonly expected: string;
  readonly place: Place;
}

/** What a change set names, with all that can be prepared before its turn. */
export interface PreparedChange {
  readonly writes: readonly PreparedWrite[];
  readonly reads: readonly PreparedRead[];
}

/** A write at its turn: what it replaces is known. */
export interface PlacedWrite extends PreparedWrite {
  readonly old: Stamp;
  readonly oldIndex: Index | undefined;
}

export interface CommitGiven {
  readonly macKey: MacKey;
  readonly mac: EntityMac;
  readonly names: KeyNames;
  /** This process among all cores: it needs no hint of its own commits. */
  readonly coreId: string;
}

/** What is being committed, and on what it builds. */
export interface CommitStep {
  readonly shard: Shard;
  readonly change: ChangeSet;
  readonly writes: readonly PlacedWrite[];
  readonly head: ShardHead;
  readonly live: string;
  readonly epoch: number;
  readonly at: UnixMs;
  /** Counts what this core sent: an attempt that was given up must not run later. */
  readonly attempt: number;
  /** What the script takes for the clock. */
  readonly clock: string;
}

/** The call, and what is true when it says "committed". */
export interface CommitCall {
  readonly call: Call;
  readonly head: ShardHead;
  readonly stamp: Stamp;
}

export function commitCall(given: CommitGiven, step: CommitStep): CommitCall {
  const { names, mac, macKey } = given;
  const { shard, change, writes, epoch, at } = step;
  const seq = step.head.seq + 1;
  const stamp = { epoch, seq };
  const version = String(seq);
  const versions = writes.map(({ write: { key }, text }): [typeof key.type, string, string, string] => [
    key.type,
    key.tenant,
    key.id,
    text === undefined ? "" : version,
  ]);
  const entry = encodeEntry({ shard, epoch, seq, at, changeId: change.changeId, events: change.audit, versions });
  const hash = hashEntry(step.head.hash, entry);
  const head = encodeHead(macKey, shard, { epoch, seq, hash, replid: step.live });
  const rows = writes.flatMap(({ write, text, index, old }) => [
    stampText(old),
    text === undefined ? "" : encodeRow(stamp, index, mac.of(shard, write.key, numberOf(stamp), index, text), text),
  ]);
  const keys = [names.head(shard), names.audit(shard), names.change(shard, change.changeId)];
  keys.push(...writes.map(({ write }) => names.entity(shard, write.key)));
  const changes = changesOf(names, step);
  const { numbers, sets } = numberSets(changes, keys.length);
  const args = [
    ...[step.head.text, head.text, step.live],
    ...[String(change.notBefore ?? 0), String(change.notAfter ?? Number.MAX_SAFE_INTEGER), step.clock, String(at)],
    ...[version, `${toHex(hash)} ${entry}`, String(step.head.seq), CHANGE_KEPT],
    ...[
      names.channel,
      encodeHint(hintOf(given, step, seq)),
      given.coreId,
      String(step.attempt),
      String(writes.length),
      ...rows,
    ],
    ...changes.flatMap(({ set, member, score }) => [String(numbers.get(set)), member, scoreText(score)]),
  ];
  return { call: { script: COMMIT_SCRIPT, keys: [...keys, ...sets], args }, head, stamp };
}

function changesOf(names: KeyNames, { shard, writes }: CommitStep): IndexChange[] {
  return writes.flatMap(({ write, text, index, oldIndex }) =>
    indexChanges(names, shard, write.key, { from: oldIndex, to: text === undefined ? undefined : index }),
  );
}

// A script names its keys by their numbers, from 1.
function numberSets(
  changes: readonly IndexChange[],
  before: number,
): { numbers: ReadonlyMap<string, number>; sets: readonly string[] } {
  const numbers = new Map<string, number>();
  for (const { set } of changes) if (!numbers.has(set)) numbers.set(set, before + numbers.size + 1);
  return { numbers, sets: [...numbers.keys()] };
}

function scoreText(score: number | undefined): string {
  return score === undefined ? "" : String(score);
}

function hintOf({ coreId }: CommitGiven, { shard, writes }: CommitStep, seq: number): Hint {
  return {
    ...{ core: coreId, shard, seq },
    keys: writes.map(({ write: { key } }) => key),
    due: touchesDue(writes),
    lanes: lanesOf(writes),
  };
}

/** Whether due times were written, or taken away. */
export function touchesDue(writes: readonly PlacedWrite[]): boolean {
  return writes.some(({ index, oldIndex }) => index.due !== undefined || oldIndex?.due !== undefined);
}

/** Lanes in which something waits now. */
export function lanesOf(writes: readonly PlacedWrite[]): string[] {
  return writes.flatMap(({ text, index }) => (text === undefined || index.lane === undefined ? [] : [index.lane]));
}
