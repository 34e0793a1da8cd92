// Pure: what a step of a transaction asks of the user's chats, as writes of the same commit. docs/protocol/delivery.md section 2.
import { linkIndex } from "../identity/link-index.ts";
import type { Link } from "../identity/link.ts";
import type { EntityKey, UnixMs } from "../store/entity.ts";
import type { AnyWrite, LoadedEntity } from "../store/store.ts";
import type { Effect, Transaction } from "../transaction/transaction.ts";
import { fallbackMoment } from "./channel-timeout.ts";
import type { Delivery, DeliveryReason, Notice, NoticeType } from "./delivery.ts";
import { deliveryWrite, isOpen } from "./delivery-index.ts";
import { alertKey } from "./delivery-key.ts";
import { eligibleLinks, isAllowed } from "./eligible.ts";
import { nextChannel } from "./next-channel.ts";
import { PLATFORM_TRAITS } from "./platform-trait.ts";
import {
  CODE_MARGIN_MS,
  firstWish,
  givenUp,
  isTouched,
  keepsCode,
  nextWish,
  TOLD_WITHIN_MS,
  withdrawn,
} from "./wish.ts";

/** What the plan reads of the loaded case. */
export interface PlanGiven {
  /** The user's links in his order, and the action's. */
  readonly links: readonly LoadedEntity<"link">[];
  /** deliveryKey(txId, linkId) for each of them. */
  readonly deliveries: readonly LoadedEntity<"delivery">[];
}

/**
 * Effects → deliveries (and what the prompts change at the links). `transaction` is as the step leaves it. No key is
 * written twice, and the link that the transaction's own action is about is left to linkWrites, except when the action
 * can no longer happen.
 */
export function deliveryWrites(
  effects: readonly Effect[],
  given: PlanGiven,
  transaction: Transaction,
  now: UnixMs,
): AnyWrite[] {
  const plan = new Plan(given, transaction, now);
  for (const effect of effects) {
    switch (effect.type) {
      case "deliver-code":
        plan.deliverCode(effect.why);
        break;
      case "notify":
        plan.notify(effect.notice, effect.final);
        break;
      case "alert":
        plan.alert(effect.notice);
        break;
      case "act":
        if (effect.action.type === "thaw") plan.endPauses(() => true);
        break;
      case "freeze-user":
      case "count-wrong-code":
      case "reset-wrong-codes":
      case "release-slot":
      case "offer":
        break;
    }
  }
  return plan.writes();
}

/** A message of its own to each of the chats; `event` is unique in the user's life. */
export function alertWrites(
  links: readonly Link[],
  alert: { readonly event: string; readonly notice: Notice; readonly transaction?: Transaction },
  now: UnixMs,
): AnyWrite[] {
  const { event, notice, transaction } = alert;
  return links.map((link) => {
    const key = alertKey(link.tenantId, event, link.linkId);
    const showsLines = notice.type === "TAMPERED" && transaction !== undefined && maySeeLines(link, transaction);
    const fresh = {
      deliveryId: key.id,
      txId: transaction?.txId,
      type: "alert",
      wanted: { phase: "alert", notice, showsLines },
      notAfter: now + TOLD_WITHIN_MS,
      fallbackAt: undefined,
    } as const;
    return deliveryWrite({ key, version: "", body: undefined }, firstWish(link, fresh, now), now);
  });
}

/**
 * Whether the chat may show what the transaction says: in modes B and C, on channels that the frozen policy allows. A
 * LINK shows its lines in the chat that is being linked, whatever the mode: comparing them is what the link rests on.
 */
export function maySeeLines(link: Link, transaction: Transaction): boolean {
  const { action, mode, policy } = transaction;
  if (action?.type === "link" && action.linkId === link.linkId) return true;
  // What the core itself asks of the user names no payee and no amount: a THAW passes every linked channel.
  return mode !== "A" && (action !== undefined || isAllowed(link, policy));
}

const ANSWERED: readonly NoticeType[] = [
  "CONFIRMED",
  "PARTIAL",
  "APPROVED",
  "APPROVAL_REFUSED",
  "REJECTED",
  "TAMPERED",
  "LOCKED",
  "WRONG_CODE",
  "LAST_WARNING",
];

class Plan {
  readonly #given: PlanGiven;
  readonly #transaction: Transaction;
  readonly #now: UnixMs;
  readonly #writes = new Map<string, AnyWrite>();

  constructor(given: PlanGiven, transaction: Transaction, now: UnixMs) {
    this.#given = given;
    this.#transaction = transaction;
    this.#now = now;
  }

  writes(): AnyWrite[] {
    return [...this.#writes.values()];
  }

  deliverCode(why: "created" | "resent"): void {
    const alive = this.#prompts().filter(({ body: { state } }) => state !== "FAILED" && state !== "WITHDRAWN");
    if (why === "resent" && alive.length > 0) {
      // What FAILED with an earlier code may be asked again with this one.
      const renewed = new Set(alive.map(({ body: { linkId } }) => linkId));
      const eligible = eligibleLinks(this.#transaction, this.#links(), this.#now);
      const behind = eligible.filter(({ linkId }) => !renewed.has(linkId)).length;
      for (const prompt of alive) this.#renew(prompt, behind);
      return;
    }
    const channels = { ...this.#given, transaction: this.#transaction };
    for (const write of nextChannel(channels, this.#now)?.writes ?? []) this.#put(write);
  }

  notify(notice: Notice, final: boolean): void {
    const touched = new Set(
      this.#prompts()
        .filter(({ body }) => isTouched(body))
        .map(({ body }) => body.linkId),
    );
    for (const prompt of this.#prompts()) this.#show(prompt, notice, final);
    if (ANSWERED.includes(notice.type)) this.endPauses(({ linkId }) => touched.has(linkId));
    if (final && notice.type !== "EXECUTED") this.#failLink(notice);
  }

  alert(notice: Notice): void {
    const { txId, version } = this.#transaction;
    const links = this.#links().filter(({ state }) => state === "LINKED");
    const event = `${txId}\0${version}\0${notice.type}`;
    for (const write of alertWrites(links, { event, notice, transaction: this.#transaction }, this.#now))
      this.#put(write);
  }

  endPauses(of: (link: Link) => boolean): void {
    const { action } = this.#transaction;
    for (const { key, version, body } of this.#given.links) {
      const isActions = (action?.type === "link" || action?.type === "unlink") && action.linkId === body?.linkId;
      if (body === undefined || isActions || body.unanswered === 0 || !of(body)) continue;
      const heard = { ...body, unanswered: 0 };
      this.#put({ key, expected: version, body: heard, index: linkIndex(heard) });
    }
  }

  /** A new issue takes the place of the old code wherever that stands or waits. */
  #renew({ loaded, body }: Prompt, behind: number): void {
    const { issue, expiresAt, policy, lastIssueAt } = this.#transaction;
    const notAfter = expiresAt - CODE_MARGIN_MS;
    const resent: Notice = { type: "RESENT", at: lastIssueAt };
    const wanted = { phase: "full", issue, ...(isTouched(body) ? { notice: resent } : {}) } as const;
    const fallbackAt = fallbackMoment(policy.channelTimeoutMs, behind, notAfter, this.#now);
    this.#putDelivery(loaded, nextWish(body, wanted, { notAfter, fallbackAt }, this.#now));
  }

  #show({ loaded, body }: Prompt, notice: Notice, final: boolean): void {
    const everyChange = PLATFORM_TRAITS[body.platform].tells === "every change";
    if (body.state === "FAILED" || (body.state === "WITHDRAWN" && !isTouched(body))) {
      if (final && body.fallbackAt !== undefined) this.#putDelivery(loaded, { ...body, fallbackAt: undefined });
    } else if (keepsCode(notice)) {
      if (everyChange && body.wanted.phase === "full") this.#renotice({ loaded, body }, body.wanted, notice);
    } else if (!isTouched(body)) {
      this.#putDelivery(loaded, withdrawn(body, reasonOf(notice), this.#now));
    } else if (everyChange || (final && notice.type !== "EXECUTING")) {
      this.#replace({ loaded, body }, notice);
    } else if (body.wanted.phase === "full" && isOpen(body)) {
      this.#putDelivery(loaded, { ...givenUp(body, "superseded", this.#now), fallbackAt: undefined });
    }
  }

  #renotice({ loaded, body }: Prompt, wanted: Extract<Delivery["wanted"], { phase: "full" }>, notice: Notice): void {
    const { notAfter, fallbackAt } = body;
    const times = { notAfter, ...(fallbackAt === undefined ? {} : { fallbackAt }) };
    this.#putDelivery(loaded, nextWish(body, { ...wanted, notice }, times, this.#now));
  }

  #replace({ loaded, body }: Prompt, notice: Notice): void {
    const link = this.#links().find(({ linkId }) => linkId === body.linkId);
    const showsLines = link !== undefined && maySeeLines(link, this.#transaction);
    const wanted = { phase: "outcome", notice, showsLines } as const;
    this.#putDelivery(loaded, nextWish(body, wanted, { notAfter: this.#now + TOLD_WITHIN_MS }, this.#now));
  }

  /** The chat that waited to be linked is not going to be. */
  #failLink(notice: Notice): void {
    const { action } = this.#transaction;
    if (action?.type !== "link") return;
    const loaded = this.#given.links.find(({ body }) => body?.linkId === action.linkId);
    if (loaded?.body?.state !== "CLAIMED") return;
    const body: Link = { ...loaded.body, state: "FAILED", failure: notice.type };
    this.#put({ key: loaded.key, expected: loaded.version, body, index: linkIndex(body) });
  }

  #prompts(): Prompt[] {
    return this.#given.deliveries.flatMap((loaded) => {
      const body = this.#written(loaded.key) ?? loaded.body;
      return body?.type === "prompt" ? [{ loaded, body }] : [];
    });
  }

  /** Several effects of one step may be about one chat: the later one goes on from the earlier. */
  #written(key: EntityKey<"delivery">): Delivery | undefined {
    const write = this.#writes.get(nameOf(key));
    return write?.key.type === "delivery" ? (write.body as Delivery | undefined) : undefined;
  }

  #links(): Link[] {
    return this.#given.links.map(({ body }) => body).filter((body) => body !== undefined);
  }

  #putDelivery(loaded: LoadedEntity<"delivery">, body: Delivery): void {
    this.#put(deliveryWrite(loaded, body, this.#now));
  }

  #put(write: AnyWrite): void {
    this.#writes.set(nameOf(write.key), write);
  }
}

interface Prompt {
  readonly loaded: LoadedEntity<"delivery">;
  readonly body: Delivery;
}

function nameOf(key: EntityKey): string {
  return `${key.type}\0${key.id}`;
}

function reasonOf(notice: Notice): DeliveryReason {
  if (notice.type === "REJECTED") return "vetoed";
  if (notice.type === "CANCELLED") return "cancelled";
  return notice.type === "EXPIRED" ? "expired" : "superseded";
}
