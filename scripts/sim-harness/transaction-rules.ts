// What a step of one transaction may be, whoever made it.
import { equalBytes } from "@countersign/protocol";
import type { UnixMs } from "../../core/server/src/store/entity.ts";
import type { Transaction } from "../../core/server/src/transaction/transaction.ts";
import { isFinal } from "../../core/server/src/transaction/watch.ts";
import type { Entry } from "./cluster.ts";

export interface Broken {
  readonly rule: string;
  readonly detail: string;
}

type Executing = Extract<Transaction, { state: "EXECUTING" }>;

const ENDED = new Set(["REJECTED", "TAMPERED", "LOCKED", "EXPIRED", "CANCELLED", "UNDELIVERABLE"]);

/** The first rule that the step from `before` to `after` breaks; `effects`: how often it was carried out so far. */
export function checkStep(before: Transaction, after: Transaction, effects: number, at: UnixMs): Broken | undefined {
  return (
    checkTime(before, after, at) ??
    checkFrozen(before, after) ??
    checkStates(before, after, effects) ??
    (before.state === "EXECUTING" && after.state === "EXECUTING" ? checkLease(before, after) : undefined)
  );
}

/** By the store's clock in the commit: what is over is not gone on with. */
function checkTime(before: Transaction, after: Transaction, at: UnixMs): Broken | undefined {
  if (before.state === "PENDING" && at >= before.expiresAt) {
    if (after.triesLeft < before.triesLeft) return late("a try was counted");
    if ("confirmation" in after) return late("accepted");
  }
  if (before.state === "CONFIRMED" && after.state === "EXECUTING" && at >= before.claimBy) return late("claimed");
  if (before.state === "EXECUTING" && after.state === "EXECUTING" && before.lease.fence === after.lease.fence) {
    if (!before.begun && after.begun && at >= before.lease.until) return late("begun");
  }
  return undefined;
}

function late(detail: string): Broken {
  return { rule: "after its end", detail };
}

function checkFrozen(before: Transaction, after: Transaction): Broken | undefined {
  const same = [
    equalBytes(before.txDigest, after.txDigest) && equalBytes(before.nonce, after.nonce),
    before.tenantId === after.tenantId && before.userId === after.userId,
    before.keyIds.join() === after.keyIds.join(),
  ];
  if (!same.every(Boolean)) return { rule: "frozen", detail: "what was frozen changed" };
  if (after.version > before.version) return undefined;
  return { rule: "lost update", detail: `version ${before.version} and then ${after.version}` };
}

function checkStates(before: Transaction, after: Transaction, effects: number): Broken | undefined {
  const way = `${before.state} to ${after.state}`;
  if (isFinal(before.state) && after.state !== before.state) return { rule: "a way out of the end", detail: way };
  if (ENDED.has(after.state) && effects > 0) return { rule: "ended after its execution", detail: way };
  if (after.triesLeft < 0) return { rule: "compared codes > tries", detail: `${after.triesLeft} tries left` };
  const wasConfirmed = "confirmation" in before;
  if (wasConfirmed && after.state === "PENDING") return { rule: "a way back", detail: way };
  if (before.state === "EXECUTING" && before.begun && after.state === "CONFIRMED") {
    return { rule: "a way back", detail: `${way} after Begin` };
  }
  return undefined;
}

/** One lease, or the next one under a higher fence; never a second beside one that began and cannot be repeated. */
function checkLease(before: Executing, after: Executing): Broken | undefined {
  const [old, now] = [before.lease, after.lease];
  if (now.fence < old.fence) return { rule: "fence", detail: `${old.fence} to ${now.fence}` };
  const another = old.claimId !== now.claimId || old.appId !== now.appId;
  if (another && now.fence === old.fence) return { rule: "fence", detail: "two leases under one fence" };
  if (now.fence > old.fence && before.begun && !old.idempotent) {
    return { rule: "fence", detail: "a second lease after Begin of what cannot be repeated" };
  }
  if (before.begun && !after.begun) return { rule: "a way back", detail: "Begin was forgotten" };
  return undefined;
}

/** By a THAW that a key signed in this commit. */
export function isThawed({ after, before }: Entry): boolean {
  return [...after].some(([name, row]) => {
    if (row?.key.type !== "transaction") return false;
    const body = row.body as Transaction;
    const was = before.get(name)?.body as Transaction | undefined;
    return body.action?.type === "thaw" && was?.state === "PENDING" && body.state === "EXECUTED";
  });
}
