// The timeline of a transaction's messages as a stream. docs/protocol/delivery.md section 4.
import type { DeliveryEvent } from "@countersign/proto/node/core/v1/code_service";
import { isOpen } from "../delivery/delivery-index.ts";
import type { Delivery } from "../delivery/delivery.ts";
import { timelineOf, type TimelineEvent } from "../delivery/timeline.ts";
import type { CoreGiven } from "../given.ts";
import { badInput, isRefusal, type Refusal } from "../rpc/refusal.ts";
import { shardOfTransaction, type HexId } from "../store/entity.ts";
import { unknownTransaction } from "../transaction/happen.ts";
import { Hints } from "../transaction/hints.ts";
import { transactionKey } from "../transaction/transaction-key.ts";
import { isFinal } from "../transaction/watch.ts";
import { eventMessage } from "./delivery-message.ts";
import { promptsOf } from "./prompts.ts";

/**
 * Every event of the transaction's prompts behind `cursor`, by time, then those that come, until the transaction is final
 * and each chat shows what it is to show, or never will. `tell` gets the cursor after each.
 */
export async function watchDelivery(
  given: CoreGiven,
  watch: { readonly txId: HexId; readonly tenantId: HexId; readonly cursor: string; readonly signal: AbortSignal },
  tell: (event: DeliveryEvent, cursor: string) => Promise<void>,
): Promise<void | Refusal> {
  const { txId, cursor, signal } = watch;
  const from = readCursor(cursor);
  if (isRefusal(from)) return from;
  const shard = shardOfTransaction(txId);
  const hints = new Hints(given.store, ["transaction", "delivery"], (id, of) => of === shard || id === txId);
  try {
    let seen = from;
    do {
      // The transaction first: no prompt is made once it is final.
      const transaction = (await given.store.load(shard, transactionKey(txId))).entities[0].body;
      if (transaction === undefined) return unknownTransaction;
      const { prompts, epoch } = await promptsOf(given, watch);
      // Of another epoch: the numbers may count events that a lost master had and this one has not.
      if (seen.epoch !== epoch) seen = { epoch, counts: [] };
      for (const { place, delivery, event } of unseen(prompts, seen)) {
        seen = behind(seen, place, event);
        await tell(eventMessage(delivery, event), writeCursor(seen));
      }
      if (isFinal(transaction.state) && !prompts.some(isOpen)) return;
    } while ((await hints.next(signal)) !== undefined);
  } finally {
    hints.close();
  }
}

/** How many events of each prompt were told, in the order in which the prompts were made. */
interface Position {
  readonly epoch: number;
  readonly counts: readonly number[];
}

interface Unseen {
  readonly place: number;
  readonly delivery: Delivery;
  readonly event: TimelineEvent;
}

function unseen(prompts: readonly Delivery[], { counts }: Position): Unseen[] {
  return prompts
    .flatMap((delivery, place) =>
      timelineOf(delivery)
        .filter(({ sequence }) => sequence > (counts[place] ?? 0))
        .map((event) => ({ place, delivery, event })),
    )
    .toSorted((a, b) => a.event.at - b.event.at || a.place - b.place || a.event.sequence - b.event.sequence);
}

function behind({ epoch, counts }: Position, place: number, { sequence }: TimelineEvent): Position {
  const length = Math.max(counts.length, place + 1);
  return { epoch, counts: Array.from({ length }, (_of, at) => (at === place ? sequence : (counts[at] ?? 0))) };
}

/** Opaque to callers. */
function writeCursor({ epoch, counts }: Position): string {
  return Buffer.from(["d1", epoch, ...counts].join(".")).toString("base64url");
}

function readCursor(cursor: string): Position | Refusal {
  if (cursor === "") return { epoch: -1, counts: [] };
  const text = Buffer.from(cursor, "base64url").toString("latin1");
  if (!/^d1\.\d{1,10}(?:\.\d{1,9}){0,256}$/.test(text)) return badInput("cursor", "not a cursor of this stream");
  const [epoch = 0, ...counts] = text.slice("d1.".length).split(".").map(Number);
  return { epoch, counts };
}
