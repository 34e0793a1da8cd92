// Where the codes of open transactions are, and a further try for those that did not get there.
import {
  Delivery as DeliveryMessage,
  type AdminServiceListDeliveriesRequest,
  type AdminServiceRequeueDeliveryRequest,
} from "@countersign/proto/node/admin/v1/admin_service";
import { DeliveryState } from "@countersign/proto/node/core/v1/code_service";
import { attemptMessage } from "../code/delivery-message.ts";
import { promptsOf } from "../code/prompts.ts";
import { deliveryWrite } from "../delivery/delivery-index.ts";
import { deliveryKey } from "../delivery/delivery-key.ts";
import type { Delivery } from "../delivery/delivery.ts";
import { isReachable } from "../delivery/eligible.ts";
import { timestampOf } from "../delivery/timestamp.ts";
import { nextWish } from "../delivery/wish.ts";
import type { CoreGiven } from "../given.ts";
import { loadUser } from "../identity/change-user.ts";
import { actorOf, type AdminCaller } from "../rpc/caller.ts";
import { badInput, isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { shardOfUser, type HexId, type UnixMs } from "../store/entity.ts";
import { loadCase } from "../transaction/case.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { unknownTransaction } from "../transaction/happen.ts";
import { isTxId, transactionKey } from "../transaction/transaction-key.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { unknown } from "./action-rule.ts";
import { BY_INDEX, deliveriesByIndex } from "./list-deliveries.ts";
import { readNames } from "./list-filter.ts";
import { isBuilding } from "./list-transactions.ts";
import { readPage, type PageOf } from "./page.ts";
import { placeText, readPlace, walkUsers, type UserPlace } from "./walk-users.ts";

/** Users that one call looks at. */
const MOST_USERS = 2000;

export async function listDeliveries(
  given: CoreGiven,
  tenantId: HexId,
  request: AdminServiceListDeliveriesRequest,
): Promise<PageOf<DeliveryMessage> | Refusal> {
  const { userId, states, platform } = request;
  const start = readPage(request, ["deliveries", tenantId, userId, states, platform]);
  if (isRefusal(start)) return start;
  const stateNames = readNames(states, DeliveryState, "states");
  if (isRefusal(stateNames)) return stateNames;
  const wants = (of: Delivery): boolean =>
    (states.length === 0 || stateNames.includes(of.state)) && (platform === "" || of.platform === platform);
  if (userId !== "") {
    const found = await openDeliveries(given, { tenantId, userId }, wants);
    return isRefusal(found) ? found : { items: found, nextPageToken: "" };
  }
  const isOfIndex = start.after.startsWith(BY_INDEX);
  if (start.after === "" || isOfIndex) {
    const filter = { tenantId, states: stateNames, platform };
    const now = given.store.now();
    const page = await deliveriesByIndex(given, filter, start, (one, transaction) =>
      deliveryMessage(one, transaction, now),
    );
    if (page === "no place") return badInput("page_token", "not a token of this list");
    if (page !== undefined) return page;
    if (isOfIndex) return isBuilding(given);
  }
  const behind = start.after === "" ? undefined : readPlace(start.after);
  if (start.after !== "" && behind === undefined) return badInput("page_token", "not a token of this list");
  const items: DeliveryMessage[] = [];
  let looked = 0;
  let last: UserPlace | undefined;
  for await (const place of walkUsers(given, tenantId, behind)) {
    if (last !== undefined && (items.length >= start.limit || looked >= MOST_USERS)) {
      return { items, nextPageToken: start.tokenFor(placeText(last)) };
    }
    last = place;
    looked += 1;
    const found = await openDeliveries(given, { tenantId, userId: place.userId }, wants);
    if (!isRefusal(found)) items.push(...found);
  }
  return { items, nextPageToken: "" };
}

/** Limits keep a user's open transactions few. */
async function openDeliveries(
  given: CoreGiven,
  name: { readonly tenantId: HexId; readonly userId: string },
  wants: (of: Delivery) => boolean,
): Promise<DeliveryMessage[] | Refusal> {
  const user = await loadUser(given, name);
  if (isRefusal(user)) return user;
  const now = given.store.now();
  const slots = user.thaw === undefined ? user.open : [...user.open, user.thaw];
  const open = slots.filter(({ until }) => until > now).map(({ txId }) => transactionKey(txId));
  if (open.length === 0) return [];
  const { entities } = await given.store.load(shardOfUser(name.tenantId, name.userId), ...open);
  const transactions = entities.flatMap(({ body }) => (body === undefined ? [] : [body]));
  const told = await Promise.all(
    transactions.map(async (transaction) => {
      const { prompts } = await promptsOf(given, transaction);
      return prompts.filter(wants).map((delivery) => deliveryMessage(delivery, transaction, now));
    }),
  );
  return told.flat();
}

function deliveryMessage(delivery: Delivery, transaction: Transaction, now: UnixMs): DeliveryMessage {
  return DeliveryMessage.create({
    ...{ transactionId: transaction.txId, userId: delivery.userId, botId: delivery.botId },
    attempt: attemptMessage(delivery),
    notAfter: timestampOf(delivery.notAfter),
    canRequeue: whyNotRequeue(delivery, transaction, now) === undefined,
  });
}

function whyNotRequeue(
  { state, wanted, notAfter }: Delivery,
  transaction: Transaction,
  now: UnixMs,
): Refusal | undefined {
  const metadata = { state };
  if (state !== "FAILED")
    return refuse("STATE_CONFLICT", `The message is ${state}: only what FAILED is tried again.`, { metadata });
  const { issue } = transaction;
  const isCurrent = wanted.phase === "full" && wanted.issue.epoch === issue.epoch && wanted.issue.n === issue.n;
  if (transaction.state === "PENDING" && isCurrent && now <= notAfter) return undefined;
  return refuse("STATE_CONFLICT", "Its time is up: nobody could use the code any more.", { metadata });
}

/** The same wish once more, from the beginning; a message to a chat that was unlinked meanwhile is not sent. */
export function requeueDelivery(
  given: CoreGiven,
  caller: AdminCaller,
  tenantId: HexId,
  { transactionId: txId, linkId }: AdminServiceRequeueDeliveryRequest,
): Promise<DeliveryMessage | Refusal> {
  return untilSettled(async (): Promise<DeliveryMessage | Refusal | undefined> => {
    const held = isTxId(txId) ? await loadCase(given, txId) : undefined;
    if (held?.transaction.body.tenantId !== tenantId) return unknownTransaction;
    if (!/^[0-9a-f]{32}$/.test(linkId)) return unknown("link_id");
    const { entities, now } = await given.store.load(held.shard, deliveryKey(tenantId, txId, linkId));
    const [loaded] = entities;
    const transaction = held.transaction.body;
    if (loaded.body === undefined) return unknown("link_id");
    const link = held.links.find(({ key }) => key.id === linkId)?.body;
    const refusal = isReachable(link, transaction) ? whyNotRequeue(loaded.body, transaction, now) : unlinked;
    if (refusal !== undefined) return refusal;
    const { wanted, notAfter } = loaded.body;
    const body = nextWish(loaded.body, wanted, { notAfter }, now);
    const detail = { link: linkId, before: "FAILED", after: "QUEUED" };
    const subject = `transaction:${txId}`;
    const audit = [{ event: "delivery.requeued", tenant: tenantId, actor: actorOf(caller), subject, detail }] as const;
    const writes = [deliveryWrite(loaded, body, now)];
    const outcome = await commitOnce(given, held.shard, { epoch: held.epoch, notAfter, writes, audit });
    return outcome === "committed" ? deliveryMessage(body, transaction, now) : undefined;
  });
}

const unlinked = refuse("STATE_CONFLICT", "The chat is no channel of the user's any more.");
