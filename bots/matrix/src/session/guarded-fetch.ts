import { randomInt } from "node:crypto";
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
  /**
   * The server no longer knows this token. Resolves with a new one of the same device, with which the request is
   * repeated once; with undefined when there is none. Absent: such an answer is an answer.
   */
  readonly renew?: (token: string) => Promise<string | undefined>;
  /** For tests. */
  readonly fetch?: typeof fetch;
}

const SILENCE_MS = 5_000;
// The homeserver chooses the time, or a proxy before it.
const LONGEST_SILENCE_MS = 600_000;

/** The `fetchFn` of the client: the plaintext guard, durable before it leaves, and the last look of the caller. */
export class GuardedFetch {
  readonly #given: GuardGiven;
  readonly #awaited = new Map<string, AwaitedWrite>();
  readonly #listeners = new Set<(retryAfterMs: number) => void>();
  #shut = false;

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

  /** Calls `listener` with every 429, in whatever request of the SDK, until the returned function is called. */
  onRateLimit(listener: (retryAfterMs: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** From now on nothing leaves: another process may have the device. */
  shut(): void {
    this.#shut = true;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input));
    const awaited = init?.method === "PUT" ? this.#awaited.get(lastPart(url)) : undefined;
    try {
      const answer = await this.#send(url, init, awaited);
      const token = answer.status === 401 ? tokenIn(init) : undefined;
      if (token === undefined || this.#given.renew === undefined || !(await isUnknownToken(answer))) return answer;
      const renewed = await this.#given.renew(token);
      return renewed === undefined ? answer : await this.#send(url, withToken(init, renewed), awaited);
    } catch (error) {
      if (awaited !== undefined) awaited.failure = error;
      throw error;
    }
  };

  async #send(url: URL, init: RequestInit | undefined, awaited: AwaitedWrite | undefined): Promise<Response> {
    await this.#keepBack(init?.method ?? "GET", url, init);
    if (awaited !== undefined) {
      awaited.beforeWrite();
      awaited.left = true;
    }
    // A redirect would carry token, password and messages to a place that nobody configured.
    const answer = await (this.#given.fetch ?? fetch)(freshSync(url), { ...init, redirect: "error" });
    if (answer.status === 429) {
      const retryAfterMs = await silenceOf(answer.clone());
      for (const listener of this.#listeners) listener(retryAfterMs);
    }
    return answer;
  }

  async #keepBack(method: string, url: URL, init: RequestInit | undefined): Promise<void> {
    if (this.#shut) throw new DOMException("the session is closed", "AbortError");
    if (url.origin !== this.#given.homeserver.origin) throw new PlaintextRefused("other-origin");
    const refusal = refusalOf(method, url, init?.body);
    if (refusal !== undefined) throw new PlaintextRefused(refusal);
    // Ratchets that moved on, one-time keys made, messages taken in: all of it is durable before the server can act on
    // it. A GET of /sync confirms what the last one brought. Without changes a flush costs nothing.
    await this.#given.flush();
    if (this.#shut) throw new DOMException("the session is closed", "AbortError");
    init?.signal?.throwIfAborted();
  }
}

/**
 * Synapse answers a first sync from a cache of two minutes when everything in the request is as before, so a bot that
 * starts again would meet its rooms as they were: without those made since, where the SDK then sends plaintext. The
 * time-out counts for that, and for nothing else: a first sync never waits.
 */
function freshSync(url: URL): URL {
  if (!url.pathname.endsWith("/sync") || url.searchParams.has("since")) return url;
  const fresh = new URL(url);
  fresh.searchParams.set("timeout", String(randomInt(1, 30_000)));
  return fresh;
}

/** How long a 429 asks to be quiet, in milliseconds. */
export async function silenceOf(answer: Response): Promise<number> {
  const header = answer.headers.get("retry-after");
  if (header !== null && /^\d{1,6}$/.test(header)) return Math.min(Number(header) * 1000, LONGEST_SILENCE_MS);
  try {
    const told = ((await answer.json()) as { retry_after_ms?: unknown }).retry_after_ms;
    return typeof told === "number" && told >= 0 ? Math.min(told, LONGEST_SILENCE_MS) : SILENCE_MS;
  } catch {
    return SILENCE_MS;
  }
}

function lastPart(url: URL): string {
  const part = url.pathname.split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function tokenIn(init: RequestInit | undefined): string | undefined {
  return /^Bearer (.+)$/.exec(new Headers(init?.headers).get("authorization") ?? "")?.[1];
}

function withToken(init: RequestInit | undefined, token: string): RequestInit {
  const headers = new Headers(init?.headers);
  headers.set("authorization", `Bearer ${token}`);
  return { ...init, headers };
}

async function isUnknownToken(answer: Response): Promise<boolean> {
  try {
    return ((await answer.clone().json()) as { errcode?: unknown }).errcode === "M_UNKNOWN_TOKEN";
  } catch {
    return false;
  }
}
