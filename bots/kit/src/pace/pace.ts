import { ChannelError } from "../channel-error.ts";
import type { Timer } from "../timer.ts";
import { Gcra, type Rate } from "./gcra.ts";

/** How fast a provider may be called under one identity. */
export interface PaceLimits {
  /** All calls of the identity. */
  readonly identity: Rate;
  /** New messages to one chat. Edits do not count here: they make no sound and providers do not limit them per chat. */
  readonly chat: Rate;
  /** A longer wait is refused at once, so that the core can choose another channel in time. */
  readonly longestWaitMs: number;
}

/** What one call uses up. */
export interface Call {
  readonly peerId: string;
  readonly newMessage: boolean;
}

const CHATS_KEPT = 10_000;
/** A provider that asks for more is asked again after this long. */
const LONGEST_SILENCE_MS = 600_000;

/** Keeps one identity below its provider's limits, and still while the provider asked for silence. */
export class Pace {
  readonly #limits: PaceLimits;
  readonly #timer: Timer;
  readonly #identity: Gcra;
  readonly #chats = new Map<string, Gcra>();
  #silentUntil = 0;

  constructor(limits: PaceLimits, timer: Timer) {
    this.#limits = limits;
    this.#timer = timer;
    this.#identity = new Gcra(limits.identity);
  }

  /** The provider said 429: nothing leaves under this identity for `ms` milliseconds, to whatever chat. */
  silence(ms: number): void {
    const bounded = Number.isFinite(ms) ? Math.min(Math.max(ms, 0), LONGEST_SILENCE_MS) : LONGEST_SILENCE_MS;
    this.#silentUntil = Math.max(this.#silentUntil, this.#timer.monotonic() + bounded);
  }

  /**
   * Resolves when the call may leave. Throws ChannelError (not-sent, rate-limited, with the time to wait) when that would
   * take too long; at once when that is known at once, without using up a place. The caller has one message a chat under
   * way at a time.
   */
  async admit(call: Call): Promise<void> {
    const startedAt = this.#timer.monotonic();
    const chat = call.newMessage ? this.#chat(call.peerId, startedAt) : undefined;
    const chatWait = chat?.waitAt(startedAt) ?? 0;
    this.#refuseBeyond(startedAt, Math.max(chatWait, this.#identityWait()));
    chat?.take(startedAt);
    // The identity's place is taken when the chat is ready: a chat that waits keeps none from the others.
    if (chatWait > 0) await this.#timer.sleep(chatWait);
    let wait: number;
    do {
      wait = this.#identityWait();
      this.#refuseBeyond(startedAt, wait);
      this.#identity.take(this.#timer.monotonic() + this.#silence());
      if (wait > 0) await this.#timer.sleep(wait);
      // A 429 to somebody else may have come meanwhile: then everybody lines up anew, or all would leave at its end.
    } while (this.#silence() > 0);
    chat?.usedAt(this.#timer.monotonic());
  }

  /**
   * The same for an answer to a person. It leaves only when nothing else is waiting, so that those who write much hold up
   * nobody's confirmation.
   */
  async admitReply(peerId: string): Promise<void> {
    const startedAt = this.#timer.monotonic();
    for (;;) {
      const now = this.#timer.monotonic();
      const chat = this.#chat(peerId, now);
      const wait = Math.max(chat.waitAt(now), this.#identityWait());
      this.#refuseBeyond(startedAt, wait);
      if (wait === 0) {
        chat.take(now);
        this.#identity.take(now);
        return;
      }
      await this.#timer.sleep(wait);
    }
  }

  #silence(): number {
    return Math.max(0, this.#silentUntil - this.#timer.monotonic());
  }

  #identityWait(): number {
    const silence = this.#silence();
    return silence + this.#identity.waitAt(this.#timer.monotonic() + silence);
  }

  #refuseBeyond(startedAt: number, wait: number): void {
    if (this.#timer.monotonic() - startedAt + wait <= this.#limits.longestWaitMs) return;
    throw new ChannelError({ fate: "not-sent", detail: "rate-limited", retryAfterMs: Math.ceil(wait) });
  }

  #chat(peerId: string, now: number): Gcra {
    const known = this.#chats.get(peerId);
    if (known !== undefined) return known;
    if (this.#chats.size >= CHATS_KEPT) {
      for (const [id, bucket] of this.#chats) if (bucket.isFull(now)) this.#chats.delete(id);
    }
    const fresh = new Gcra(this.#limits.chat);
    this.#chats.set(peerId, fresh);
    return fresh;
  }
}
