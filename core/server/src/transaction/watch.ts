import type { CoreGiven } from "../given.ts";
import { badInput, isRefusal, type Refusal } from "../rpc/refusal.ts";
import { shardOfTransaction, type HexId } from "../store/entity.ts";
import { unknownTransaction } from "./happen.ts";
import { Hints } from "./hints.ts";
import { loadSigners, type Signers } from "./signers.ts";
import { transactionKey } from "./transaction-key.ts";
import type { State, Transaction } from "./transaction.ts";

/** States that nothing leaves any more. EXECUTION_UNKNOWN waits for a person. */
export function isFinal(state: State): boolean {
  return !["PENDING", "PARTIAL", "CONFIRMED", "EXECUTING", "EXECUTION_UNKNOWN"].includes(state);
}

/** A transaction as a watcher sees it. */
export interface Seen {
  readonly transaction: Transaction;
  readonly signers: Signers;
}

/**
 * Hands over the transaction as it stands, with the keys that may sign it, unless `cursor` says that it was seen, then each change that is seen until it
 * is final or the call is over. That one of its keys was revoked is a change. Changes that come in quick succession may be told as one. `tell` gets the cursor after it.
 */
export async function watchTransaction(
  given: CoreGiven,
  watch: { readonly txId: HexId; readonly cursor: string; readonly signal: AbortSignal },
  tell: (seen: Seen, cursor: string) => Promise<void>,
): Promise<void | Refusal> {
  const { txId, cursor, signal } = watch;
  const from = readCursor(cursor);
  if (isRefusal(from)) return from;
  const keyIds = new Set<string>();
  const hints = new Hints(given.store, ["transaction", "key"], (id) => id === txId || keyIds.has(id));
  try {
    let seen = from;
    do {
      const { entities, epoch } = await given.store.load(shardOfTransaction(txId), transactionKey(txId));
      const transaction = entities[0].body;
      if (transaction === undefined) return unknownTransaction;
      // Before they are read: nothing falls in between.
      for (const id of transaction.keyIds) keyIds.add(id);
      const signers = await loadSigners(given, transaction);
      // Both only ever rise, so that one number tells whether anything is new.
      const version = transaction.version + signers.revoked;
      // Of another epoch: the version may count changes that a lost master had and this one has not.
      if (seen?.epoch !== epoch || version > seen.version) {
        seen = { epoch, version };
        await tell({ transaction, signers }, writeCursor(seen));
      }
      if (isFinal(transaction.state)) return;
    } while ((await hints.next(signal)) !== undefined);
  } finally {
    hints.close();
  }
}

interface Position {
  readonly epoch: number;
  readonly version: number;
}

/** Opaque to callers. */
function writeCursor({ epoch, version }: Position): string {
  return Buffer.from(`w1.${epoch}.${version}`).toString("base64url");
}

function readCursor(cursor: string): Position | Refusal | undefined {
  if (cursor === "") return undefined;
  const text = Buffer.from(cursor, "base64url").toString("latin1");
  const [, epoch, version] = /^w1\.(\d{1,10})\.(\d{1,15})$/.exec(text) ?? [];
  if (epoch === undefined || version === undefined) return badInput("cursor", "not a cursor of this stream");
  return { epoch: Number(epoch), version: Number(version) };
}
