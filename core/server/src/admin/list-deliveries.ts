// Messages of all users: found by the index, loaded from the store, and judged by what was loaded.
import type { Delivery as DeliveryMessage } from "@countersign/proto/node/admin/v1/admin_service";
import { deliveryKey } from "../delivery/delivery-key.ts";
import type { Delivery } from "../delivery/delivery.ts";
import type { CoreGiven } from "../given.ts";
import {
  findDeliveries,
  type DeliveryFilter,
  type DeliveryPlace,
  type FoundDelivery,
} from "../read-model/find-deliveries.ts";
import { readModelOf } from "../read-model/read-model.ts";
import { isOver } from "../read-model/tally.ts";
import { shardOfTransaction, type HexId } from "../store/entity.ts";
import { isTxId, transactionKey } from "../transaction/transaction-key.ts";
import type { Transaction } from "../transaction/transaction.ts";
import type { PageOf, PageStart } from "./page.ts";

/** Tokens of the index begin so; those of the walk over the store do not. */
export const BY_INDEX = "i.";

/** A transaction may wait for its execution long after nobody can use its code any more; older ones are in GetTransaction. */
const LOOKED_BACK_MS = 24 * 3_600_000;

type Tell = (delivery: Delivery, transaction: Transaction) => DeliveryMessage;

/** undefined: there is no index yet. "no place": `start.after` was not written here. */
export async function deliveriesByIndex(
  given: CoreGiven,
  filter: DeliveryFilter,
  start: PageStart,
  tell: Tell,
): Promise<PageOf<DeliveryMessage> | "no place" | undefined> {
  const first = { until: given.store.now() - LOOKED_BACK_MS, deliveryId: "" };
  const after = start.after === "" ? first : readPlace(start.after);
  if (after === undefined) return "no place";
  return readModelOf(given).use((file) => collect(given, start, findDeliveries(file, filter, after), { filter, tell }));
}

async function collect(
  given: CoreGiven,
  start: PageStart,
  found: AsyncGenerator<FoundDelivery, void>,
  { filter, tell }: { readonly filter: DeliveryFilter; readonly tell: Tell },
): Promise<PageOf<DeliveryMessage>> {
  const items: DeliveryMessage[] = [];
  let last: DeliveryPlace | undefined;
  for await (const one of found) {
    if (last !== undefined && items.length >= start.limit) {
      return { items, nextPageToken: start.tokenFor(`${BY_INDEX}${last.until}.${last.deliveryId}`) };
    }
    last = one;
    const loaded = isTxId(one.txId) ? await load(given, filter.tenantId, one) : undefined;
    if (loaded !== undefined && wants(loaded, filter)) items.push(tell(loaded.delivery, loaded.transaction));
  }
  return { items, nextPageToken: "" };
}

interface Loaded {
  readonly delivery: Delivery;
  readonly transaction: Transaction;
}

async function load(
  { store }: CoreGiven,
  tenantId: HexId,
  { txId, deliveryId }: FoundDelivery,
): Promise<Loaded | undefined> {
  const key = { ...deliveryKey(tenantId, txId, ""), id: deliveryId };
  const { entities } = await store.load(shardOfTransaction(txId), transactionKey(txId), key);
  const [{ body: transaction }, { body: delivery }] = entities;
  return transaction === undefined || delivery?.txId !== txId ? undefined : { delivery, transaction };
}

function wants({ delivery, transaction }: Loaded, { tenantId, states, platform }: DeliveryFilter): boolean {
  return (
    transaction.tenantId === tenantId &&
    delivery.tenantId === tenantId &&
    delivery.type === "prompt" &&
    !isOver(transaction.state) &&
    (states.length === 0 || states.includes(delivery.state)) &&
    (platform === "" || delivery.platform === platform)
  );
}

function readPlace(text: string): DeliveryPlace | undefined {
  const [, until, deliveryId] = /^i\.(\d{1,16})\.([0-9a-f]{0,64})$/.exec(text) ?? [];
  return until === undefined || deliveryId === undefined ? undefined : { until: Number(until), deliveryId };
}
