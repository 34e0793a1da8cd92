import { ChannelError, type BotLog, type Timer } from "@countersign/bot-kit";
import type { SmppLink } from "./link.ts";
import { neverLeft } from "./window.ts";

interface KeeperGiven {
  /** Throws ChannelError. */
  readonly bind: (signal: AbortSignal) => Promise<SmppLink>;
  readonly timer: Timer;
  readonly log: BotLog;
}

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;
/** A link that lived for less does not count as a success: an SMSC may accept and drop. */
const STEADY_MS = 30_000;

/** Keeps one link bound from `open` or the first `link` to `close`, with backoff between tries. */
export class LinkKeeper {
  readonly #given: KeeperGiven;
  #running: { readonly over: AbortController; readonly done: Promise<void> } | undefined;
  #closing: Promise<void> = Promise.resolve();
  #link: SmppLink | undefined;
  #attempt: Promise<SmppLink> | undefined;
  #up = Promise.withResolvers<void>();

  constructor(given: KeeperGiven) {
    this.#given = given;
  }

  /** Resolves once a link is bound, or the signal aborts. */
  async open(signal: AbortSignal): Promise<void> {
    await this.#closing;
    if (signal.aborted) return;
    this.#start();
    await whileWanted(this.#up.promise, signal).catch(() => undefined);
  }

  /** The link; waits for a try that is under way. Throws ChannelError (not-sent) while there is none. */
  async link(signal: AbortSignal): Promise<SmppLink> {
    await this.#closing;
    this.#start();
    if (this.#link !== undefined) return this.#link;
    if (this.#attempt === undefined) throw new ChannelError({ fate: "not-sent", detail: "connect" });
    return whileWanted(this.#attempt, signal);
  }

  /** Unbinds. Never rejects. */
  async close(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running !== undefined) this.#closing = this.#stop(running);
    await this.#closing;
  }

  #start(): void {
    if (this.#running !== undefined) return;
    const over = new AbortController();
    this.#running = { over, done: this.#keep(over.signal) };
  }

  async #stop({ over, done }: { readonly over: AbortController; readonly done: Promise<void> }): Promise<void> {
    await this.#link?.close();
    over.abort();
    await done;
  }

  async #keep(signal: AbortSignal): Promise<void> {
    const { timer, log } = this.#given;
    let retryMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      const startedAt = timer.monotonic();
      const detail = await this.#hold(signal);
      if (signal.aborted) return;
      if (timer.monotonic() - startedAt >= STEADY_MS) retryMs = FIRST_RETRY_MS;
      log.write({ event: "listening-failed", detail, retryInMs: retryMs });
      await timer.sleep(retryMs, signal);
      retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
    }
  }

  /** One link from bind to end. Resolves with what ended it. */
  async #hold(signal: AbortSignal): Promise<ChannelError["detail"]> {
    this.#attempt = this.#given.bind(signal);
    try {
      this.#link = await this.#attempt;
      this.#attempt = undefined;
      this.#given.log.write({ event: "listening" });
      this.#up.resolve();
      await this.#link.ended;
      return "reset";
    } catch (error) {
      return error instanceof ChannelError ? error.detail : "bug";
    } finally {
      this.#attempt = undefined;
      if (this.#link !== undefined) this.#up = Promise.withResolvers<void>();
      this.#link = undefined;
    }
  }
}

async function whileWanted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: unwanted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(neverLeft());
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, unwanted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
