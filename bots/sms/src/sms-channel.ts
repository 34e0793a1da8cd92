import { createHash } from "node:crypto";
import {
  ChannelError,
  revealText,
  type BotLog,
  type FrontDesk,
  type Outgoing,
  type PaceLimits,
  type SecondChannel,
  type Timer,
} from "@countersign/bot-kit";
import { readNumber } from "./number.ts";
import type { Receipt, SmsPlatform } from "./sms-platform.ts";
import { segmentText, type SegmentedText } from "./text/segments.ts";

/** What providers commonly grant, and what a phone bears: every message costs money. */
export const SMS_PACE: PaceLimits = {
  identity: { perSecond: 10, burst: 10 },
  chat: { perSecond: 0.2, burst: 5 },
  longestWaitMs: 5_000,
};

interface SmsGiven {
  readonly platform: SmsPlatform;
  readonly timer: Timer;
  readonly log: BotLog;
}

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;
const SEEN_KEPT = 4_096;

/** SMS as a second channel: one way, at least once, nothing is taken back. Over which provider: the platform's matter. */
export class SmsChannel implements SecondChannel {
  readonly platform = "sms";
  readonly wording = "short";
  readonly endToEndEncrypted = false;
  readonly #given: SmsGiven;
  readonly #seen = new Set<string>();
  #listening: { readonly desk: FrontDesk; readonly signal: AbortSignal } | undefined;
  /** Receipts that the core has not taken yet. */
  readonly #untaken = new Set<() => void>();
  #closing: Promise<void> = Promise.resolve();

  constructor(given: SmsGiven) {
    this.#given = given;
    given.platform.onReceipt(async (receipt) => this.#receipt(receipt));
  }

  /** Tries the account without holding it: receipts of the process that has the lease must not come here. */
  async signIn(signal: AbortSignal): Promise<string> {
    const { platform, timer, log } = this.#given;
    for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)) {
      signal.throwIfAborted();
      const failure = await platform.check(signal).then(() => undefined, asChannelError);
      signal.throwIfAborted();
      if (failure === undefined) return "";
      log.write({ event: "listening-failed", detail: failure.detail, retryInMs: retryMs });
      await timer.sleep(retryMs, signal);
    }
  }

  async listen(desk: FrontDesk, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.#listening = { desk, signal };
    signal.addEventListener("abort", () => this.#stopListening(signal), { once: true });
    await this.#closing;
    if (signal.aborted) return;
    await this.#given.platform.open(signal);
  }

  async deliver(outgoing: Outgoing, signal: AbortSignal): Promise<string> {
    const to = readNumber(outgoing.peerId);
    const text = revealText(outgoing.message);
    const segmented = this.#fit(text);
    const { notAfter, beforeWrite } = outgoing;
    const messageRef = createHash("sha256").update(outgoing.deliveryId).digest("hex").slice(0, 24);
    const supersedes = outgoing.phase === "full";
    const sms = { to, text, segmented, notAfter, messageRef, supersedes };
    try {
      return await this.#given.platform.submit(sms, { signal, beforeWrite });
    } catch (error) {
      // Another error is a bug of ours, after which nobody knows what was sent. Its text may hold the message.
      throw error instanceof ChannelError ? error : new ChannelError({ fate: "unknown", detail: "bug" });
    }
  }

  async close(): Promise<void> {
    await this.#closing;
    await this.#given.platform.close();
  }

  #fit(text: string): SegmentedText {
    // Half a surrogate pair has no bytes that could be the same on the phone.
    if (!text.isWellFormed()) throw new ChannelError({ fate: "permanent", detail: "malformed-delivery" });
    const segmented = segmentText(text, this.#given.platform.speaksGsm7);
    if (segmented !== undefined) return segmented;
    throw new ChannelError({ fate: "permanent", detail: "does-not-fit", reason: "CHANNEL_DOES_NOT_FIT" });
  }

  // Gentle: what is under way is answered before the provider is let go, and a next lease waits for that.
  #stopListening(signal: AbortSignal): void {
    if (this.#listening?.signal !== signal) return;
    this.#listening = undefined;
    for (const leaseGone of this.#untaken) leaseGone();
    this.#closing = this.#given.platform.close();
  }

  async #receipt(receipt: Receipt): Promise<boolean> {
    const { eventId, to, providerId, reached } = receipt;
    if (this.#seen.has(eventId)) return true;
    // A receipt can come in one packet with the acceptance: a turn later, that has been reported to the core.
    await new Promise((resolve) => setImmediate(resolve));
    const listening = this.#listening;
    if (listening === undefined) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const leaseGone = (): void => resolve(false);
    this.#untaken.add(leaseGone);
    void listening.desk.receipt(eventId, to, providerId, reached).then(() => resolve(true));
    const taken = await promise;
    this.#untaken.delete(leaseGone);
    if (taken) this.#remember(eventId);
    return taken;
  }

  #remember(eventId: string): void {
    this.#seen.add(eventId);
    const oldest = this.#seen.size > SEEN_KEPT ? this.#seen.values().next().value : undefined;
    if (oldest !== undefined) this.#seen.delete(oldest);
  }
}

// Anything else is the provider's refusal of the account, for good.
function asChannelError(error: unknown): ChannelError {
  if (error instanceof ChannelError) return error;
  throw error;
}
