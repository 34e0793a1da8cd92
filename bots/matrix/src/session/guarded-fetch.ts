import { refusalOf, type Refusal } from "./allowed-write.ts";

/** A request that would have shown something in clear. It did not leave; the message holds nothing of it. */
export class PlaintextRefused extends Error {
  override readonly name: string = "PlaintextRefused";
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(`a request was kept back: ${refusal}`);
    this.refusal = refusal;
  }
}

/** One write to the homeserver that somebody waits for. */
export interface AwaitedWrite {
  /** Called directly before the bytes leave, after the flush. What it throws keeps the request back. */
  readonly beforeWrite: () => void;
  /** True once the bytes may have left: from then on nobody knows whether the server has them. */
  left: boolean;
  /** What kept the request back, as it was thrown: the SDK wraps errors of `fetch` and drops their cause. */
  failure: unknown;
}

interface GuardGiven {
  /** Only this server is ever spoken to. */
  readonly homeserver: URL;
  /** Everything the server learns of must be durable here before: see CryptoStore.flush. */
  readonly flush: () => Promise<void>;
  /** The server asked for silence, in whatever request of the SDK. */
  readonly onRateLimit: (retryAfterMs: number) => void;
  /** For tests. */
  readonly fetch?: typeof fetch;
}

const SILENCE_MS = 5_000;

/** The `fetchFn` of the client: the plaintext guard, durable before it leaves, and the last look of the caller. */
export class GuardedFetch {
  readonly #given: GuardGiven;
  readonly #awaited = new Map<string, AwaitedWrite>();

  constructor(given: GuardGiven) {
    this.#given = given;
  }

  /** Runs `write`, whose request carries `txnId` as the last part of its path, under the caller's last look. */
  async awaiting<T>(txnId: string, awaited: AwaitedWrite, write: () => Promise<T>): Promise<T> {
    if (this.#awaited.has(txnId)) throw new Error("two writes at once under one transaction id");
    this.#awaited.set(txnId, awaited);
    try {
      return await write();
    } finally {
      this.#awaited.delete(txnId);
    }
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input));
    const method = init?.method ?? "GET";
    const awaited = method === "PUT" ? this.#awaited.get(decodeURIComponent(url.pathname.split("/").at(-1) ?? "")) : undefined;
    try {
      await this.#keepBack(method, url, init);
      awaited?.beforeWrite();
    } catch (error) {
      if (awaited !== undefined) awaited.failure = error;
      throw error;
    }
    if (awaited !== undefined) awaited.left = true;
    try {
      // A redirect would carry token, password and messages to a place that nobody configured.
      const answer = await (this.#given.fetch ?? fetch)(url, { ...init, redirect: "error" });
      if (answer.status === 429) this.#given.onRateLimit(await silenceOf(answer.clone()));
      return answer;
    } catch (error) {
      if (awaited !== undefined) awaited.failure = error;
      throw error;
    }
  };

  async #keepBack(method: string, url: URL, init: RequestInit | undefined): Promise<void> {
    if (url.origin !== this.#given.homeserver.origin) throw new PlaintextRefused("other-origin");
    const refusal = refusalOf(method, url, init?.body);
    if (refusal !== undefined) throw new PlaintextRefused(refusal);
    // Ratchets that moved on, one-time keys made, messages taken in: all of it is durable before the server can act on
    // it. A GET of /sync confirms what the last one brought. Without changes a flush costs nothing.
    await this.#given.flush();
    init?.signal?.throwIfAborted();
  }
}

/** How long a 429 asks to be quiet, in milliseconds. */
export async function silenceOf(answer: Response): Promise<number> {
  const header = answer.headers.get("retry-after");
  if (header !== null && /^\d{1,6}$/.test(header)) return Number(header) * 1000;
  try {
    const told = ((await answer.json()) as { retry_after_ms?: unknown }).retry_after_ms;
    return typeof told === "number" && told >= 0 && Number.isFinite(told) ? told : SILENCE_MS;
  } catch {
    return SILENCE_MS;
  }
}
