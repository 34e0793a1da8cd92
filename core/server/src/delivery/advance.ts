// One load, one judgement, one commit for one delivery of an attached bot. docs/protocol/delivery.md section 4.
import type { Deliver } from "@countersign/proto/node/channel/v1/channel_service";
import type { CoreGiven } from "../given.ts";
import { auditOfLoss, type ChannelLoss } from "../identity/channel-loss.ts";
import { directoryOf } from "../identity/directory.ts";
import { keyKey, tenantKey } from "../identity/entity-key.ts";
import type { Key } from "../identity/key.ts";
import { isRefusal } from "../rpc/refusal.ts";
import type { EntityKey, Shard, UnixMs } from "../store/entity.ts";
import type { AuditDraft } from "../store/store.ts";
import { loadCase, type HeldCase } from "../transaction/case.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { happen } from "../transaction/happen.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { handOut, type Handed, type Report } from "./attempt.ts";
import { chatOf, type DeliveryChat } from "./chat-of.ts";
import { consequenceOf, isOvertaken } from "./consequence.ts";
import { deliverMessage, messageDigest } from "./deliver-message.ts";
import type { Delivery } from "./delivery.ts";
import { judge, postponed, type Learnt } from "./judge.ts";
import { fenceWrite, laneFenceKey, type Seat } from "./lane-fence.ts";

/** A delivery where it lives. */
export interface DeliveryPlace {
  readonly shard: Shard;
  readonly key: EntityKey<"delivery">;
}

/** What to write to the bot now: committed as SENDING. The code is not in it yet. */
export interface Handing {
  readonly handed: Handed;
  readonly message: Deliver;
  readonly transaction: Transaction | undefined;
  readonly notAfter: UnixMs;
}

export interface Advance extends Learnt {
  /** The bot may be handed nothing before this moment: its provider asked the whole identity to wait. */
  readonly pausedUntil: UnixMs;
  /** End of the holder's lease by the store's clock: at that moment and later nothing is handed out under its fence. */
  readonly heldUntil: () => UnixMs;
  /** False for a report that came too late to go on from: somebody else may be dealing with the chat. */
  readonly goesOn: boolean;
}

/**
 * Brings one delivery a step on under the bot's fence. Returns what is to be handed out, "changed" if something was
 * written and nothing is to be handed out, "same" if there was nothing to do. Throws StaleFenceError.
 */
export async function advance(
  given: CoreGiven,
  seat: Seat,
  place: DeliveryPlace,
  how: Advance,
): Promise<Handing | "changed" | "same"> {
  const settled = await untilSettled(() => attempt(given, seat, place, how));
  if (isRefusal(settled)) throw new Error(`delivery ${place.key.id}: ${settled.message}`);
  return settled;
}

async function attempt(
  given: CoreGiven,
  seat: Seat,
  { shard, key }: DeliveryPlace,
  how: Advance,
): Promise<Handing | "changed" | "same" | undefined> {
  const { entities, epoch, now } = await given.store.load(shard, key, laneFenceKey(seat, shard));
  const [loaded, fence] = entities;
  const fenced = fenceWrite(seat, fence);
  const before = loaded.body;
  if (before === undefined || before.botId !== seat.botId) return "same";
  const held = before.txId === undefined ? undefined : await loadCase(given, before.txId);
  if (isOvertaken(loaded, held)) return undefined;
  const chat = await chatOf(given, before, held);
  const judged = judge(before, { transaction: held?.transaction.body, link: chat.link }, how, now);
  const heldUntil = how.heldUntil();
  const mayHand = how.goesOn && now >= how.pausedUntil && now < heldUntil;
  const out = mayHand ? handOut(judged, seat.fence, now) : undefined;
  const after = out?.delivery ?? postponed(judged, how.pausedUntil, now);
  const loss = how.told === undefined ? undefined : lossIn(how.told.report);
  if (after === before && loss === undefined) return "same";
  const handing = out && (await handingOf(given, after, out.handed, { held, chat }));
  const lost = loss === undefined ? undefined : { loss, links: chat.links };
  const consequence = consequenceOf(loaded, after, { held, lost }, now);
  const outcome = await commitOnce(given, shard, {
    epoch,
    // A holder that stood still for longer than its lease meets this before it meets the next one's fence.
    ...(handing === undefined ? {} : { notAfter: Math.min(after.notAfter, heldUntil - 1) }),
    writes: [...consequence.writes, fenced],
    audit: [
      auditOf({ before, after }, seat, handing, how),
      ...auditOfLoss(consequence.writes, after, loss, `bot:${seat.botId}`),
    ],
  });
  if (outcome !== "committed") return undefined;
  const { undeliverable: issue } = consequence;
  if (issue !== undefined && after.txId !== undefined) {
    await happen(given, after.txId, { type: "undeliverable", issue }, "core");
  }
  return handing ?? "changed";
}

/** For good, and about the chat; a message that does not fit or was deleted says nothing about the next one. */
function lossIn(report: Report): ChannelLoss | undefined {
  if (report.type !== "failed" || report.fate !== "permanent") return undefined;
  if (report.reason === "CHANNEL_IDENTITY_CHANGED") return "SUSPENDED";
  return report.reason === "CHANNEL_BLOCKED_BY_USER" ? "DEAD" : undefined;
}

async function handingOf(
  given: CoreGiven,
  delivery: Delivery,
  handed: Handed,
  { held, chat }: { readonly held: HeldCase | undefined; readonly chat: DeliveryChat },
): Promise<Handing> {
  const transaction = held?.transaction.body;
  const tenant = await directoryOf(given.store).get(tenantKey(delivery.tenantId));
  const message = deliverMessage({
    delivery,
    handed,
    link: chat.link,
    user: chat.user,
    transaction,
    keys: handed.phase === "full" && held !== undefined ? await loadKeys(given, held) : [],
    issuer: tenant?.issuer ?? "",
  });
  return { handed, message, transaction, notAfter: delivery.notAfter };
}

async function loadKeys(given: CoreGiven, held: HeldCase): Promise<Key[]> {
  const { tenantId, keyIds } = held.transaction.body;
  const { entities } = await given.store.load(held.shard, ...keyIds.map((keyId) => keyKey(tenantId, keyId)));
  return entities.map(({ body }) => body).filter((body) => body !== undefined);
}

function auditOf(
  { before, after: delivery }: { readonly before: Delivery; readonly after: Delivery },
  seat: Seat,
  handing: Handing | undefined,
  { told, receipt }: Advance,
): AuditDraft {
  const { wanted, wish, state, reason, platform } = delivery;
  return {
    event: handing !== undefined ? "delivery.handed" : `delivery.${receipt ? "receipt" : state.toLowerCase()}`,
    tenant: delivery.tenantId,
    actor: handing === undefined ? `bot:${seat.botId}` : "core",
    subject: delivery.txId === undefined ? `user:${delivery.userId}` : `transaction:${delivery.txId}`,
    detail: {
      delivery: delivery.deliveryId,
      platform,
      from: before.state,
      state,
      ...(told === undefined ? {} : { report: told.report.type === "sent" ? "sent" : told.report.fate }),
      wish,
      fence: seat.fence,
      phase: handing?.handed.phase ?? wanted.phase,
      ...(wanted.phase === "full" ? { issue: wanted.issue.n } : {}),
      ...(reason === undefined ? {} : { reason }),
      ...(receipt === undefined ? {} : { reached: receipt.reached }),
      ...(handing === undefined ? {} : { messageDigest: messageDigest(handing.message) }),
    },
  };
}
