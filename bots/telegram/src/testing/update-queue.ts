import { ApiRefusal, badRequest } from "./api-refusal.ts";

/** An update as it waits for the bot. */
export type Update = Readonly<Record<string, unknown>> & { readonly update_id: number };

interface Poll {
  readonly limit: number;
  readonly settle: (updates: readonly Update[]) => void;
  readonly refuse: (refusal: ApiRefusal) => void;
}

const CONFLICT = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";

/** Updates in order, kept until the offset of a later poll confirms them. One poller at a time. */
export class UpdateQueue {
  #updates: Update[] = [];
  #nextId: number;
  #allowed: readonly string[] = [];
  #poll: Poll | undefined;

  constructor(firstId: number) {
    this.#nextId = firstId;
  }

  /** Not yet confirmed. */
  get waiting(): readonly Update[] {
    return this.#updates;
  }

  /** Adds one, unless its kind is not asked for. */
  put(kind: string, body: unknown): number {
    const id = this.#nextId;
    if (this.#allowed.length > 0 && !this.#allowed.includes(kind)) this.#nextId += 1;
    else this.putRaw({ [kind]: body });
    return id;
  }

  /** Adds one as it is, under its own id or the next. Two may have the same. */
  putRaw(update: Readonly<Record<string, unknown>>): void {
    this.#updates.push({ update_id: this.#nextId, ...update });
    this.#nextId += 1;
    this.onChange();
    this.#settle();
  }

  /** Told of every new update, before a poll is. */
  onChange: () => void = () => undefined;

  /** Kinds that are asked for; none named: all. */
  get allowed(): readonly string[] {
    return this.#allowed;
  }

  set allowed(kinds: readonly string[]) {
    this.#allowed = kinds;
  }

  /** The bot has dealt with it. */
  confirm(update: Update): void {
    this.#updates = this.#updates.filter((other) => other !== update);
  }

  /** Forgets all. */
  drop(): void {
    this.#updates = [];
  }

  /** Ends a poll that waits, as Telegram does when a webhook is set. */
  endPoll(description: string): void {
    this.#poll?.refuse(new ApiRefusal(409, description));
    this.#poll = undefined;
  }

  /** One getUpdates. `closed` aborts when the bot goes away before the answer. */
  async poll(parameters: Readonly<Record<string, unknown>>, closed: AbortSignal): Promise<readonly Update[]> {
    const offset = (parameters["offset"] ?? 0) as number;
    const limit = (parameters["limit"] ?? 100) as number;
    const timeout = (parameters["timeout"] ?? 0) as number;
    if (offset < 0 || limit < 1 || limit > 100 || timeout < 0 || timeout > 50) throw badRequest("FAKE: out of range");
    this.#allowed = (parameters["allowed_updates"] ?? this.#allowed) as readonly string[];
    this.#poll?.refuse(new ApiRefusal(409, CONFLICT));
    this.#poll = undefined;
    this.#updates = this.#updates.filter(({ update_id: id }) => id >= offset);
    if (this.#updates.length > 0 || timeout === 0) return this.#updates.slice(0, limit);
    const { promise, resolve, reject } = Promise.withResolvers<readonly Update[]>();
    const poll = { limit, settle: resolve, refuse: reject };
    this.#poll = poll;
    const timer = setTimeout(() => resolve([]), timeout * 1000);
    closed.addEventListener("abort", () => resolve([]), { once: true });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      if (this.#poll === poll) this.#poll = undefined;
    }
  }

  #settle(): void {
    this.#poll?.settle(this.#updates.slice(0, this.#poll.limit));
    this.#poll = undefined;
  }
}
