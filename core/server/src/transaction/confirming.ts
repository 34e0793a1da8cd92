// What happens to a PENDING transaction on its way to CONFIRMED.
import { refuse, type Refusal } from "../rpc/refusal.ts";
import type { UnixMs } from "../store/entity.ts";
import { acceptApproval, acceptPartly } from "./approving.ts";
import { conflict, proceed, stand, unchanged, type Step } from "./change.ts";
import { end } from "./ending.ts";
import type { Confirmation, Effect, Issue, Lease, Transaction } from "./transaction.ts";

/** Durable before the code is compared: a crash costs a try and never grants one. */
export function countTry(of: Transaction): Step | Refusal {
  if (of.triesLeft === 0) return refuse("LOCKED", "No try is left.");
  return { transaction: proceed(of, { triesLeft: of.triesLeft - 1 }), effects: [] };
}

/** CONFIRMED, or PARTIAL where others have to confirm too; a transaction of the core's own kinds is carried out in the same commit. */
export function accept(of: Transaction, confirmation: Confirmation, now: UnixMs): Step {
  const settled: readonly Effect[] = [{ type: "reset-wrong-codes" }, { type: "release-slot" }];
  if (of.action !== undefined) {
    const lease: Lease = { claimId: "core", appId: "core", fence: 1, until: now, idempotent: true };
    const standing = { state: "EXECUTED", confirmation, lease, detail: "", at: now } as const;
    const effects: readonly Effect[] = [
      { type: "notify", notice: { type: "EXECUTED", at: now }, final: true },
      ...settled,
      { type: "act", action: of.action },
    ];
    return { transaction: stand(of, standing, { lastRefusal: undefined }), effects };
  }
  if (of.approves !== undefined) return acceptApproval(of, confirmation, now);
  if (of.policy.approval !== undefined) return acceptPartly(of, of.policy.approval, confirmation, now);
  const claimBy = now + of.policy.claimByMs;
  const standing = { state: "CONFIRMED", confirmation, claimBy, lapsed: undefined } as const;
  const effects: readonly Effect[] = [
    { type: "notify", notice: { type: "CONFIRMED", at: now, claimBy }, final: false },
    ...settled,
    { type: "offer" },
  ];
  return { transaction: stand(of, standing, { lastRefusal: undefined }), effects };
}

/** The counted try was a wrong code. */
export function refuseCode(of: Transaction, now: UnixMs): Step {
  const counted: Effect = { type: "count-wrong-code" };
  if (of.triesLeft === 0) return end(of, "LOCKED", now, {}, [counted]);
  const notice = { type: "WRONG_CODE", at: now, triesLeft: of.triesLeft } as const;
  return {
    transaction: proceed(of, { lastRefusal: "WRONG_CODE" }),
    effects: [{ type: "notify", notice, final: false }, counted],
  };
}

/**
 * The counted try was the right code of an earlier issue. It proves the phone, so it counts in no row of wrong codes.
 * Where the core itself took the code back (the epoch moved), the try is given back too.
 */
export function forgiveOrRefuse(of: Transaction, epochChanged: boolean, now: UnixMs): Step {
  const triesLeft = epochChanged ? of.triesLeft + 1 : of.triesLeft;
  if (triesLeft === 0) return end(of, "LOCKED", now);
  return { transaction: proceed(of, { triesLeft, lastRefusal: "CODE_SUPERSEDED" }), effects: [] };
}

/** A new code on the user's wish: at most `resends`, at least `resendAfterMs` apart. */
export function resend(of: Transaction, epoch: number, now: UnixMs): Step | Refusal {
  if (of.resends >= of.policy.resends) {
    return refuse("RATE_LIMITED", `All ${of.policy.resends} resends are used. Cancel it and create it anew.`);
  }
  const next = of.lastIssueAt + of.policy.resendAfterMs;
  if (now < next) {
    return refuse("RATE_LIMITED", "The last code is too young for a new one.", { retryAfterMs: next - now });
  }
  const notice = { type: "RESENT", at: now } as const;
  return {
    transaction: proceed(of, { ...nextIssue(of, epoch), resends: of.resends + 1, lastIssueAt: now }),
    effects: [
      { type: "notify", notice, final: false },
      { type: "deliver-code", why: "resent" },
    ],
  };
}

/** The shard's epoch moved: what an old master sent counts no more, whatever number it had. */
export function reissue(of: Transaction, epoch: number, now: UnixMs): Step | Refusal {
  if (epoch === of.issue.epoch) return unchanged(of);
  if (epoch < of.issue.epoch) return conflict(of, "its code is of a newer epoch");
  return {
    transaction: proceed(of, { ...nextIssue(of, epoch), lastIssueAt: now }),
    effects: [{ type: "deliver-code", why: "resent" }],
  };
}

function nextIssue(of: Transaction, epoch: number): { issue: Issue; superseded: readonly Issue[] } {
  return { issue: { epoch, n: of.issue.n + 1 }, superseded: [...of.superseded, of.issue] };
}
