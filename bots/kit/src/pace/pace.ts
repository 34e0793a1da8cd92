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
    this.#silentUntil = Math.max(this.#silentUntil, this.#timer.monotonic() + ms);
  }

  /**
   * Resolves when the call may leave. Throws ChannelError (not-sent, rate-limited, with the time to wait) when that would
   * take too long, without using up a place.
   */
  async admit(call: Call, signal?: AbortSignal): Promise<void> {
    const now = this.#timer.monotonic();
    const chat = call.newMessage ? this.#chat(call.peerId, now) : undefined;
    const wait = Math.max(this.#identity.waitAt(now), chat?.waitAt(now) ?? 0, this.#silentUntil - now);
    this.#refuseBeyond(wait);
    this.#identity.take(now);
    chat?.take(now);
    if (wait > 0) await this.#timer.sleep(wait, signal);
    // A 429 to somebody else may have come meanwhile.
    for (let left = this.#silence(); left > 0; left = this.#silence()) {
      signal?.throwIfAborted();
      this.#refuseBeyond(left);
      await this.#timer.sleep(left, signal);
    }
  }

  #silence(): number {
    return this.#silentUntil - this.#timer.monotonic();
  }

  #refuseBeyond(wait: number): void {
    if (wait <= this.#limits.longestWaitMs) return;
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
