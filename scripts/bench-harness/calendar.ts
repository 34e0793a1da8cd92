import type { BenchUser } from "./bench-user.ts";

/** Limits of the default policy, which the benchmark keeps. */
const PROMPTS_A_MINUTE = 5;
const MINUTE_MS = 60_500;

/** Whose turn it is: users in turn, none of them more often than his limit allows. */
export class Calendar {
  readonly #users: readonly BenchUser[];
  #next = 0;

  constructor(users: readonly BenchUser[]) {
    this.#users = users;
  }

  /** Who starts the next so many transactions, and how long from `now` until all of them may. */
  plan(count: number, now: number): { readonly turns: readonly BenchUser[]; readonly waitMs: number } {
    const turns = Array.from({ length: count }, () => this.#turn());
    const times = new Map<BenchUser, number>();
    for (const user of turns) times.set(user, (times.get(user) ?? 0) + 1);
    const waits = [...times].map(([{ userId, prompts }, more]) => {
      if (more > PROMPTS_A_MINUTE) throw new Error(`${userId} would need ${more} prompts at once: take more users`);
      const blocking = prompts.at(more - PROMPTS_A_MINUTE - 1);
      return blocking === undefined ? 0 : blocking + MINUTE_MS - now;
    });
    return { turns, waitMs: Math.max(0, ...waits) };
  }

  #turn(): BenchUser {
    const user = this.#users[this.#next++ % this.#users.length];
    if (user === undefined) throw new Error("nobody is set up");
    return user;
  }
}
