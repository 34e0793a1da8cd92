import { randomInt } from "node:crypto";
import { type Prompt, PromptError } from "../prompt/prompt.ts";
import { Failure } from "../service/failure.ts";
import type { Missed, MissedFile } from "./missed-file.ts";
import type { Pairings } from "./pairings.ts";

/** Times that a page of one origin may ask without being confirmed. */
export const TRIES = 3;

/** How long its pages are refused after that, in milliseconds. */
export const LOCK_MS = 600_000;

/** How long the user has to compare, in milliseconds. */
export const COMPARE_MS = 120_000;

/** What the desk works with. */
export interface PairingGiven {
  readonly pairings: Pick<Pairings, "add">;
  readonly prompt: Prompt;
  /** What was not confirmed: it outlives the daemon. */
  readonly missed: Pick<MissedFile, "get" | "set">;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Pairs pages, one at a time: six digits, drawn anew each time, are shown by the page and by the daemon's own prompt, and
 * the user says whether they are equal. A page that nobody confirms is soon not heard any more.
 */
export class PairingDesk {
  readonly #given: PairingGiven;
  #busy = false;

  constructor(given: PairingGiven) {
    this.#given = given;
  }

  /** The page's token, once the user has said yes. `show` is given the digits for the page. Rejects with Failure, PromptError, or the signal's reason. */
  async pair(origin: string, signal: AbortSignal, show: (digits: string) => void): Promise<string> {
    this.#refuseLocked(origin);
    if (this.#busy) throw new Failure("TOO_MANY_PAIRINGS", "another page is being paired; try again when it is done");
    this.#busy = true;
    try {
      const digits = String(randomInt(1_000_000)).padStart(6, "0");
      show(digits);
      if (!(await this.#ask(origin, digits, signal))) {
        throw new Failure("NOT_PAIRED", "the user has not confirmed this page");
      }
      this.#given.missed.set(origin, undefined);
      return this.#given.pairings.add(origin);
    } finally {
      this.#busy = false;
    }
  }

  // A try counts, on the disk, before it is asked: a page that leaves, or a daemon that ends, has used it up.
  async #ask(origin: string, digits: string, signal: AbortSignal): Promise<boolean> {
    const { missed } = this.#given;
    const before = missed.get(origin);
    missed.set(origin, this.#missedAgain(before));
    const limit = AbortSignal.timeout(COMPARE_MS);
    try {
      return await this.#given.prompt.confirm(questionOf(origin, digits), AbortSignal.any([signal, limit]));
    } catch (cause) {
      if (limit.aborted && !signal.aborted) return false;
      // Nobody was asked: no try.
      if (cause instanceof PromptError && cause.fault === "absent") missed.set(origin, before);
      throw cause;
    }
  }

  #refuseLocked(origin: string): void {
    const { missed, now } = this.#given;
    const held = missed.get(origin);
    if (held === undefined || held.count < TRIES) return;
    const left = held.lockedUntil - now();
    if (left <= 0) {
      missed.set(origin, undefined);
      return;
    }
    // The clock was set back: ten minutes from now, and not until it is back where it was.
    if (left > LOCK_MS) missed.set(origin, { ...held, lockedUntil: now() + LOCK_MS });
    throw new Failure("TOO_MANY_PAIRINGS", "this page was not confirmed three times; try again in ten minutes");
  }

  #missedAgain(before: Missed | undefined): Missed {
    return { count: (before?.count ?? 0) + 1, lockedUntil: this.#given.now() + LOCK_MS };
  }
}

function questionOf(origin: string, digits: string): Parameters<Prompt["confirm"]>[0] {
  return {
    title: "A web page wants to use your smart key",
    lines: [
      `Page: ${origin}`,
      `Digits: ${digits.slice(0, 3)} ${digits.slice(3)}`,
      "Agree only if you asked for it and the page shows the same digits.",
    ],
    yes: "The digits are the same",
    no: "Refuse",
  };
}
