// What must hold of what several people confirm, watched from outside: whose yes it was that the transaction went on with.
import { equalBytes } from "@countersign/protocol";
import type { HexId } from "../../core/server/src/store/entity.ts";
import type { Approval, Transaction } from "../../core/server/src/transaction/transaction.ts";
import type { Life } from "./life.ts";

/** Whose keys it takes beside that of who asks. */
export interface Together {
  readonly users: readonly string[];
  readonly needed: number;
}

/** What the rules look at, and whom they tell. */
export interface Watched {
  readonly lives: ReadonlyMap<HexId, Life>;
  look(what: string): void;
  fail(rule: string, detail: string): void;
}

const GOES_ON: ReadonlySet<string> = new Set(["CONFIRMED", "EXECUTING", "EXECUTED"]);

export class ApprovalRules {
  readonly #together: Together | undefined;
  readonly #watched: Watched;
  /** Moments are counted as they are seen: clocks may go back. */
  #moment = 0;
  /** When its own key's yes was taken, by transaction. */
  readonly #accepted = new Map<HexId, number>();
  /** When somebody was told so: of a user or key that it is stopped, the last time; of a transaction that a no ends it. */
  readonly #stopped = new Map<string, number>();
  readonly #refused = new Map<HexId, number>();

  constructor(together: Together | undefined, watched: Watched) {
    this.#together = together;
    this.#watched = watched;
  }

  goOnFrom(other: ApprovalRules): void {
    this.#moment = other.#moment;
    for (const [txId, at] of other.#accepted) this.#accepted.set(txId, at);
    for (const [name, at] of other.#stopped) this.#stopped.set(name, at);
    for (const [txId, at] of other.#refused) this.#refused.set(txId, at);
  }

  stopped(name: string): void {
    this.#stopped.set(name, (this.#moment += 1));
  }

  /** He was told so. */
  saidNo(txId: HexId): void {
    if (!this.#refused.has(txId)) this.#refused.set(txId, (this.#moment += 1));
  }

  /** An approver's no was answered with how the transaction stands that it is about. */
  refused({ txId, approves }: Transaction, decided: Transaction): void {
    if (approves === undefined) return;
    this.#watched.look("approver's no");
    this.saidNo(txId);
    const waits = decided.txId === approves.txId && (decided.state === "PARTIAL" || decided.state === "CONFIRMED");
    if (waits) this.#watched.fail("a no was not heard", `${txId} says no, and ${decided.txId} is ${decided.state}`);
  }

  /** A commit made of `before` what is now `after`. */
  moved(before: Transaction, after: Transaction): void {
    if (this.#together === undefined || after.action !== undefined) return;
    if (!("confirmation" in before) && "confirmation" in after) this.#accepted.set(after.txId, (this.#moment += 1));
    if (!GOES_ON.has(after.state) || GOES_ON.has(before.state)) return;
    this.#watched.look("confirmation by several");
    if (after.approves === undefined) this.#confirmed(after, this.#together);
    else this.#watched.fail("an approval goes on by itself", `${after.txId} is ${after.state}`);
  }

  #confirmed(after: Transaction, { needed }: Together): void {
    const counted = (after.approvals ?? []).filter((one) => this.#counts(after, one));
    const people = new Set(counted.map(({ userId }) => userId));
    const { txId, tenantId, userId } = after;
    if (people.size < needed) return this.#watched.fail("too few people", `${txId}: ${[...people].join() || "nobody"}`);
    const last = Math.max(...counted.map((one) => this.#accepted.get(one.txId) ?? 0));
    for (const one of [{ userId, txId, keyId: ownKey(after) }, ...counted]) {
      const since = this.#accepted.get(one.txId) ?? 0;
      for (const name of [`user ${tenantId} ${one.userId}`, `key ${one.keyId}`]) {
        const at = this.#stopped.get(name) ?? 0;
        if (at > since && at < last) this.#watched.fail("who was stopped counts", `${txId}: ${name}`);
      }
    }
    for (const { txId: asked } of after.asked ?? []) {
      const at = this.#refused.get(asked) ?? last;
      if (at < last) this.#watched.fail("a no was not heard", `${txId} is ${after.state} after the no of ${asked}`);
    }
  }

  /** His own transaction, about this one, which his own key confirmed; and he is not the one who asks. */
  #counts(after: Transaction, { userId, txId }: Approval): boolean {
    const own = this.#watched.lives.get(txId)?.bodies.at(-1);
    if (own === undefined || userId === after.userId || this.#together?.users.includes(userId) !== true) return false;
    const isAbout = own.approves?.txId === after.txId && equalBytes(own.txDigest, after.txDigest);
    return isAbout && own.userId === userId && own.tenantId === after.tenantId && this.#accepted.has(txId);
  }
}

function ownKey(after: Transaction): string {
  return "confirmation" in after ? after.confirmation.keyId : "";
}
