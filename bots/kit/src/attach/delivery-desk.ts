import { Fate, type Deliver } from "@countersign/proto/node/channel/v1/channel_service";
import { ChannelError, type Fate as FateName } from "../channel-error.ts";
import type { BotLog } from "../log.ts";
import { readDelivery, type Delivery } from "../message/delivery.ts";
import { messageFor } from "../message/message-for.ts";
import type { Manner, Message } from "../message/message.ts";
import type { Pace } from "../pace/pace.ts";
import type { Outgoing, SecondChannel } from "../second-channel.ts";
import type { Timer } from "../timer.ts";
import { Lanes } from "./lanes.ts";
import type { Session } from "./session.ts";
import { withDeadline } from "./with-deadline.ts";

/** A provider that has not answered after this long is not waited for. */
const CALL_DEADLINE_MS = 8_000;
const SHOWN_KEPT = 4_096;
/** Answers of one chat that may wait, and chats whose answers may. */
const REPLIES_WAITING = 3;
const CHATS_WAITING = 1_000;
/** What the core takes as a provider's name of a message; docs/protocol/delivery.md. */
const PROVIDER_ID = /^[!-~]{0,512}$/;
/** The core is told no longer wait; the field holds 32 bits. */
const LONGEST_RETRY_MS = 600_000;

interface DeskGiven {
  readonly channel: SecondChannel;
  readonly pace: Pace;
  readonly timer: Timer;
  readonly manner: Manner;
  readonly log: BotLog;
}

const FATES: Readonly<Record<FateName, Fate>> = {
  "not-sent": Fate.NOT_SENT,
  unknown: Fate.UNKNOWN,
  permanent: Fate.PERMANENT,
};

/** Carries Delivers to the provider, one lane a chat, and reports each under its own sequence number. */
export class DeliveryDesk {
  readonly #given: DeskGiven;
  readonly #lanes = new Lanes();
  /** Provider ids of new messages: a stream that broke before the report must not show the same message twice. */
  readonly #shown = new Map<string, { readonly peerId: string; readonly providerId: string }>();
  readonly #waitingReplies = new Map<string, number>();
  #stopping = false;

  constructor(given: DeskGiven) {
    this.#given = given;
  }

  /** Takes one Deliver; the report goes out through the session it came from. */
  take(deliver: Deliver, session: Session): void {
    if (deliver.fence !== session.fence) {
      this.#given.log.write({ event: "stale-fence" });
      return;
    }
    this.#lanes.put(`deliver ${deliver.peerId}`, async () => this.#ship(deliver, session));
  }

  /**
   * Answers something a user wrote: a new message that nobody reports. Answers have lanes of their own and give way to
   * what the core sends; what a chat writes beyond a few answers that wait is not answered.
   */
  say(peerId: string, eventId: string, message: Message): void {
    const waiting = this.#waitingReplies.get(peerId) ?? 0;
    if (waiting >= REPLIES_WAITING || this.#waitingReplies.size >= CHATS_WAITING) {
      this.#given.log.write({ event: "reply-not-delivered", detail: "rate-limited" });
      return;
    }
    this.#waitingReplies.set(peerId, waiting + 1);
    this.#lanes.put(`reply ${peerId}`, async () => {
      try {
        await this.#reply(peerId, eventId, message);
      } catch (error) {
        this.#given.log.write({ event: "reply-not-delivered", detail: asChannelError(error).detail });
      } finally {
        const left = (this.#waitingReplies.get(peerId) ?? 1) - 1;
        if (left > 0) this.#waitingReplies.set(peerId, left);
        else this.#waitingReplies.delete(peerId);
      }
    });
  }

  /** From now on nothing new leaves; resolves when what is under way has been reported. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#lanes.idle();
  }

  async #ship(deliver: Deliver, session: Session): Promise<void> {
    const { sequence, fence } = deliver;
    const { log, timer } = this.#given;
    const startedAt = timer.monotonic();
    let phase = "unread";
    try {
      const delivery = readDelivery(deliver);
      phase = delivery.phase;
      const providerId = await this.#show(delivery, session);
      session.write({ event: { $case: "sent", value: { sequence, fence, providerId } } });
      log.write({ event: "delivered", phase, ms: Math.round(timer.monotonic() - startedAt) });
    } catch (error) {
      const { fate, reason, retryAfterMs = 0, detail } = asChannelError(error);
      log.write({ event: "not-delivered", phase, fate, detail });
      const failed = { sequence, fence, fate: FATES[fate], reason, retryAfterMs: boundedRetry(retryAfterMs), detail };
      session.write({ event: { $case: "failed", value: failed } });
    }
  }

  async #show(delivery: Delivery, session: Session): Promise<string> {
    const key = `${delivery.deliveryId}/${delivery.phase}`;
    const shown = delivery.replaces === undefined ? this.#shown.get(key) : undefined;
    if (shown !== undefined) return shown.providerId;
    const { pace, timer, manner } = this.#given;
    const { deliveryId, peerId, phase, replaces } = delivery;
    const message = messageFor(delivery, manner);
    const beforeWrite = (): void => this.#refuseLate(delivery, session);
    beforeWrite();
    await pace.admit({ peerId, newMessage: replaces === undefined });
    beforeWrite();
    const left = delivery.notAfter === undefined ? Infinity : delivery.notAfter.getTime() - timer.now().getTime();
    const { notAfter, peerIdentity } = delivery;
    const outgoing = { deliveryId, peerId, phase, replaces, message, notAfter, peerIdentity, beforeWrite };
    const providerId = await this.#call(outgoing, Math.min(CALL_DEADLINE_MS, left));
    if (replaces === undefined) this.#remember(key, peerId, providerId);
    return providerId;
  }

  async #reply(peerId: string, eventId: string, message: Message): Promise<void> {
    const beforeWrite = (): void => this.#refuseStopping();
    beforeWrite();
    await this.#given.pace.admitReply(peerId);
    beforeWrite();
    const outgoing = { deliveryId: eventId, peerId, phase: "reply", replaces: undefined, message } as const;
    await this.#call({ ...outgoing, notAfter: undefined, peerIdentity: "", beforeWrite }, CALL_DEADLINE_MS);
  }

  async #call(outgoing: Outgoing, deadlineMs: number): Promise<string> {
    const { channel, pace } = this.#given;
    try {
      const providerId = await withDeadline(deadlineMs, async (signal) => channel.deliver(outgoing, signal));
      if (!PROVIDER_ID.test(providerId)) throw new ChannelError({ fate: "unknown", detail: "malformed-answer" });
      return providerId;
    } catch (error) {
      const failure = asChannelError(error);
      if (failure.retryAfterMs !== undefined) pace.silence(failure.retryAfterMs);
      // The person deleted it: asked for again, it must be shown again.
      if (failure.detail === "gone") this.#forget(outgoing.peerId, outgoing.replaces);
      throw failure;
    }
  }

  // The last look: after every wait, directly before the write.
  #refuseLate(delivery: Delivery, session: Session): void {
    const { notAfter } = delivery;
    this.#refuseStopping();
    if (!session.holdsLease()) throw new ChannelError({ fate: "not-sent", detail: "lease-lost" });
    if (notAfter !== undefined && this.#given.timer.now() >= notAfter) {
      throw new ChannelError({ fate: "not-sent", detail: "late" });
    }
  }

  #refuseStopping(): void {
    if (this.#stopping) throw new ChannelError({ fate: "not-sent", detail: "shutting-down", retryAfterMs: 1_000 });
  }

  #forget(peerId: string, providerId: string | undefined): void {
    for (const [key, shown] of this.#shown) {
      if (shown.peerId === peerId && shown.providerId === providerId) this.#shown.delete(key);
    }
  }

  #remember(key: string, peerId: string, providerId: string): void {
    this.#shown.set(key, { peerId, providerId });
    const oldest = this.#shown.size > SHOWN_KEPT ? this.#shown.keys().next().value : undefined;
    if (oldest !== undefined) this.#shown.delete(oldest);
  }
}

function boundedRetry(ms: number): number {
  return ms > 0 ? Math.min(Math.ceil(ms), LONGEST_RETRY_MS) : 0;
}

// Adapters reject with ChannelError alone; another error is a bug of theirs, after which nobody knows what was sent. Its
// text may hold the request and goes nowhere.
function asChannelError(error: unknown): ChannelError {
  return error instanceof ChannelError ? error : new ChannelError({ fate: "unknown", detail: "bug" });
}
