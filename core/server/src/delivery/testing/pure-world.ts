// The delivery of one transaction without store, streams and clocks: the pure parts alone, called as the core calls them.
// It counts what providers really took, whatever bots say, and throws as soon as something happens that must not.
import type { Platform } from "../../identity/tenant.ts";
import { linkKey, userKey } from "../../identity/entity-key.ts";
import type { Link } from "../../identity/link.ts";
import type { EntityType, HexId, UnixMs } from "../../store/entity.ts";
import type { AnyWrite, LoadedEntity } from "../../store/store.ts";
import type { Case } from "../../transaction/case.ts";
import { transactionKey } from "../../transaction/transaction-key.ts";
import type { Effect, Transaction } from "../../transaction/transaction.ts";
import { handOut, type Handed, type Report } from "../attempt.ts";
import { consequenceOf } from "../consequence.ts";
import { indexOf, isOpen } from "../delivery-index.ts";
import { deliveryKey } from "../delivery-key.ts";
import type { Delivery } from "../delivery.ts";
import { eligibleLinks } from "../eligible.ts";
import { atMoment, judge, postponed, type Learnt } from "../judge.ts";
import { deliveryWrites } from "../plan.ts";
import { PLATFORM_TRAITS } from "../platform-trait.ts";
import { CODE_MARGIN_MS, showsIssue } from "../wish.ts";
import { aLink, aTransaction, aUser, idOf, NOW, TENANT, USER } from "./entities.ts";

/** One message at a bot, and what the provider really did with it. */
export interface HandOut {
  readonly linkId: HexId;
  readonly handed: Handed;
  readonly accepted: boolean;
  readonly providerId: string;
  /** The provider said later that it never reached the phone. */
  lost: boolean;
}

export interface PureOptions {
  /** The user's order. */
  readonly platforms: readonly Platform[];
  readonly channelTimeoutMs: number;
  readonly lifetimeMs: number;
}

/** More due steps at one moment than this: something comes due again and again without getting on. */
const MOST_STEPS_AT_ONCE = 20;

export class PureWorld {
  now: UnixMs = NOW;
  transaction: Transaction;
  readonly handOuts: HandOut[] = [];
  dueSteps = 0;
  readonly #links: Map<HexId, Link>;
  readonly #deliveries = new Map<HexId, Delivery>();
  readonly #askedAt = new Map<string, UnixMs>();
  readonly #pausedUntil = new Map<HexId, UnixMs>();
  #flights: HandOut[] = [];
  #fence = 1;

  constructor({ platforms, channelTimeoutMs, lifetimeMs }: PureOptions) {
    const links = platforms.map((platform) => aLink(platform, { platform, botId: idOf(`bot ${platform}`) }));
    this.#links = new Map(links.map((link) => [link.linkId, link]));
    const policy = { ...aTransaction().policy, channelTimeoutMs };
    this.transaction = aTransaction({ policy, expiresAt: NOW + lifetimeMs });
    this.#take({}, [{ type: "deliver-code", why: "created" }]);
  }

  get deliveries(): readonly Delivery[] {
    return [...this.#deliveries.values()];
  }

  get links(): readonly Link[] {
    return [...this.#links.values()];
  }

  get flights(): readonly HandOut[] {
    return this.#flights;
  }

  /** The channel's bot looks into its lane; `accepted`: what the provider is going to do with what is handed out. */
  look(link: Link, accepted: boolean): void {
    const delivery = this.#deliveries.get(link.linkId);
    const waits = this.#flights.some((flight) => flight.linkId === link.linkId && isAtBot(flight, delivery));
    if (delivery === undefined || indexOf(delivery, this.now).lane === undefined || waits) return;
    this.#advance(delivery, {}, accepted);
  }

  /** The bot says something about a message; what the provider did limits what it can say. */
  report(flight: HandOut, report: Report, again: boolean): void {
    const link = this.#links.get(flight.linkId) as Link;
    if (report.type === "failed" && report.fate === "not-sent") {
      const { botId = "" } = link;
      this.#pausedUntil.set(botId, Math.max(this.#pausedUntil.get(botId) ?? 0, this.now + report.retryAfterMs));
    }
    if (!again) this.#flights = this.#flights.filter((each) => each !== flight);
    const told = { handed: flight.handed, report };
    this.#advance(this.#deliveries.get(flight.linkId) as Delivery, { told }, undefined);
  }

  /** The provider says of the message that it took last that it never reached the phone, or that it did. */
  receipt(link: Link, reached: boolean): void {
    const delivery = this.#deliveries.get(link.linkId);
    const message = this.handOuts.findLast(
      ({ linkId, accepted, providerId }) =>
        linkId === link.linkId && accepted && providerId === delivery?.providerId && delivery.receipt === undefined,
    );
    if (delivery === undefined || message === undefined) return;
    message.lost = !reached;
    this.#advance(delivery, { receipt: { providerId: message.providerId, reached } }, undefined);
  }

  /** The core dies and comes back: nobody reports any more about what was at the bots, pauses are forgotten. */
  restart(): void {
    this.#fence += 1;
    this.#flights = [];
    this.#pausedUntil.clear();
  }

  resend(): void {
    const { state, issue } = this.transaction;
    if (state !== "PENDING") return;
    const effects: readonly Effect[] = [
      { type: "notify", notice: { type: "RESENT", at: this.now }, final: false },
      { type: "deliver-code", why: "resent" },
    ];
    this.#take({ issue: { epoch: issue.epoch, n: issue.n + 1 }, lastIssueAt: this.now }, effects);
  }

  wrongCode(): void {
    if (this.transaction.state !== "PENDING") return;
    this.#take({}, [{ type: "notify", notice: { type: "WRONG_CODE", at: this.now }, final: false }]);
  }

  end(type: "CANCELLED" | "EXPIRED" | "UNDELIVERABLE" = "CANCELLED"): void {
    if (this.transaction.state !== "PENDING") return;
    const effects: readonly Effect[] = [{ type: "notify", notice: { type, at: this.now }, final: true }];
    this.#take({ state: type }, effects);
  }

  /** Time passes; the sweeper deals with everything at its moment. */
  pass(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const next = Math.min(...this.deliveries.map((each) => indexOf(each, this.now).due ?? Infinity), this.#expiry());
      if (next > until) break;
      this.now = Math.max(this.now, next);
      this.#sweep();
      this.#checkFallback();
    }
    this.now = until;
  }

  #expiry(): UnixMs {
    return this.transaction.state === "PENDING" ? this.transaction.expiresAt : Infinity;
  }

  #sweep(): void {
    if (this.now >= this.#expiry()) this.end("EXPIRED");
    for (let steps = 0; ; steps += 1) {
      const due = this.deliveries.find((each) => (indexOf(each, this.now).due ?? Infinity) <= this.now);
      if (due === undefined) return;
      if (steps >= MOST_STEPS_AT_ONCE) throw new Error(`due again and again: ${JSON.stringify(due)}`);
      this.dueSteps += 1;
      this.#commit(due, atMoment(due, this.transaction, this.now));
    }
  }

  #advance(before: Delivery, learnt: Learnt, accepted: boolean | undefined): void {
    const link = this.#links.get(before.linkId) as Link;
    const judged = judge(before, { transaction: this.transaction, link }, learnt, this.now);
    const paused = this.#pausedUntil.get(before.botId) ?? 0;
    const mayHand = accepted !== undefined && this.now >= paused;
    const out = mayHand ? handOut(judged, this.#fence, this.now) : undefined;
    const after = out?.delivery ?? postponed(judged, paused, this.now);
    if (after !== before) this.#commit(before, after);
    if (out !== undefined && accepted !== undefined) this.#hand(link, after, out.handed, accepted);
  }

  #hand({ linkId, platform }: Link, delivery: Delivery, handed: Handed, accepted: boolean): void {
    const { transaction } = this;
    if (this.now > delivery.notAfter) throw new Error("handed out after notAfter");
    if (delivery.wanted.phase === "full") {
      if (this.now > transaction.expiresAt - CODE_MARGIN_MS) throw new Error("a code in the last seconds");
      if (transaction.state !== "PENDING") throw new Error(`a code of a transaction that is ${transaction.state}`);
      if (delivery.wanted.issue.n !== transaction.issue.n) throw new Error("an old code");
    }
    const replaces = PLATFORM_TRAITS[platform].edits && delivery.providerId !== undefined;
    const providerId = replaces ? (delivery.providerId ?? "") : `m${this.handOuts.length}`;
    const flight = { linkId, handed, accepted, providerId, lost: false };
    this.handOuts.push(flight);
    this.#flights.push(flight);
    this.#checkSends(flight, PLATFORM_TRAITS[platform].repeats);
  }

  #checkSends({ linkId, handed }: HandOut, repeats: number): void {
    const same = this.handOuts.filter(
      (each) =>
        each.linkId === linkId && each.accepted && each.handed.phase === "full" && sameIssue(each.handed, handed),
    );
    if (handed.phase === "full" && same.length > repeats + 1) throw new Error(`sent ${same.length} times: one code`);
  }

  #commit(before: Delivery, after: Delivery): void {
    const loaded = { key: deliveryKey(TENANT, this.transaction.txId, before.linkId), version: "1", body: before };
    const { writes, undeliverable } = consequenceOf(loaded, after, { held: this.#case() }, this.now);
    const isShown = this.deliveries.some((each) => each.linkId !== after.linkId && showsIssue(each));
    const asks = writes.some(({ key, body }) => key.type === "delivery" && (body as Delivery).linkId !== after.linkId);
    if (isShown && asks) throw new Error("another channel is asked for a code that stands in a chat");
    this.#apply(writes);
    this.#checkFailed();
    if (undeliverable) {
      if (this.handOuts.some(mayBeRead)) throw new Error("UNDELIVERABLE, and a phone shows the code");
      this.end("UNDELIVERABLE");
    }
  }

  /** A chat whose attempt FAILED shows no code, as long as the code is wanted there. */
  #checkFailed(): void {
    for (const { linkId, state, wanted } of this.#deliveries.values()) {
      if (state !== "FAILED" || wanted.phase !== "full") continue;
      if (this.handOuts.some((each) => each.linkId === linkId && mayBeRead(each))) {
        throw new Error("FAILED, and the phone shows a code");
      }
    }
  }

  /** When the channel that was asked last had its time, and no chat shows the code, no eligible chat is left unasked. */
  #checkFallback(): void {
    const { transaction } = this;
    const { policy, expiresAt, issue, state } = transaction;
    const asked = this.deliveries.filter(({ wanted }) => wanted.phase === "full" && wanted.issue.n === issue.n);
    const last = Math.max(...asked.map(({ linkId }) => this.#askedAt.get(`${linkId} ${issue.n}`) ?? 0));
    const isOver = this.now >= last + policy.channelTimeoutMs && this.now <= expiresAt - CODE_MARGIN_MS;
    if (state !== "PENDING" || !isOver || asked.some(showsIssue)) return;
    const left = eligibleLinks(transaction, this.links, this.now).filter(
      ({ linkId }) => !asked.some((each) => each.linkId === linkId),
    );
    if (left.length > 0) throw new Error(`${left[0]?.platform} was not asked in time`);
  }

  #take(change: Partial<Transaction>, effects: readonly Effect[]): void {
    this.transaction = { ...this.transaction, ...change, version: this.transaction.version + 1 } as Transaction;
    this.#apply(deliveryWrites(effects, this.#case(), this.transaction, this.now));
  }

  #case(): Case {
    return {
      ...{ shard: 0, epoch: 1, now: this.now, keys: [], others: [] },
      transaction: loadedOf(transactionKey(this.transaction.txId), this.transaction),
      user: loadedOf(userKey(TENANT, USER), aUser()),
      links: this.links.map((link) => loadedOf(linkKey(TENANT, link.linkId), link)),
      deliveries: this.links.map(({ linkId }) =>
        loadedOf(deliveryKey(TENANT, this.transaction.txId, linkId), this.#deliveries.get(linkId)),
      ),
    };
  }

  #apply(writes: readonly AnyWrite[]): void {
    for (const { key, body } of writes) {
      if (key.type === "link" && body !== undefined) this.#links.set(key.id, body as Link);
      if (key.type !== "delivery" || body === undefined) continue;
      const delivery = body as Delivery;
      if (delivery.type !== "prompt") continue;
      this.#deliveries.set(delivery.linkId, delivery);
      if (delivery.wanted.phase !== "full") continue;
      const name = `${delivery.linkId} ${delivery.wanted.issue.n}`;
      if (!this.#askedAt.has(name)) this.#askedAt.set(name, this.now);
    }
  }

  /** Nothing is on its way, nothing waits for a moment. */
  get isSettled(): boolean {
    return this.deliveries.every(
      (each) => !isOpen(each) && each.state !== "SENDING" && indexOf(each, this.now).due === undefined,
    );
  }
}

/** The holder waits for its report; once the delivery moved on without it, a report is late. */
function isAtBot({ handed }: HandOut, delivery: Delivery | undefined): boolean {
  return delivery?.state === "SENDING" && delivery.wish === handed.wish;
}

function mayBeRead({ accepted, lost, handed }: HandOut): boolean {
  return accepted && !lost && handed.phase === "full";
}

function sameIssue(a: Handed, b: Handed): boolean {
  return a.issue?.n === b.issue?.n;
}

function loadedOf<T extends EntityType>(key: LoadedEntity<T>["key"], body: LoadedEntity<T>["body"]): LoadedEntity<T> {
  return { key, version: body === undefined ? "" : "1", body };
}
