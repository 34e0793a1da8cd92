// Pure: what several people's confirmation makes of a transaction and of the approvals of it. docs/decisions/0025
import { RejectReason } from "@countersign/protocol";
import type { Notice } from "../delivery/delivery.ts";
import type { FrozenApproval } from "../policy/policy.ts";
import { refuse, type Refusal } from "../rpc/refusal.ts";
import type { UnixMs } from "../store/entity.ts";
import { conflict, proceed, stand, unchanged, type Step } from "./change.ts";
import { end } from "./ending.ts";
import type { TransactionEvent } from "./event.ts";
import type { Approval, Ask, Confirmation, Effect, Transaction } from "./transaction.ts";

type Of<T extends TransactionEvent["type"]> = Extract<TransactionEvent, { type: T }>;

/** So often one approver is prompted for one transaction: what expired or was locked may be asked again. */
export const MOST_ASKS = 3;

/** Those of the rule that may approve this: never who asks. */
export function approversOf({ policy, userId }: Pick<Transaction, "policy" | "userId">): readonly string[] {
  return (policy.approval?.users ?? []).filter((one) => one !== userId);
}

/** How many of them it takes; never fewer than one where a rule stands at all. */
export function neededOf({ needed }: FrozenApproval): number {
  return Math.max(1, needed);
}

/** Its own user has confirmed, the others are to. They have so long from now on. */
export function acceptPartly(of: Transaction, rule: FrozenApproval, confirmation: Confirmation, now: UnixMs): Step {
  const until = now + rule.withinMs;
  const transaction = stand(of, { state: "PARTIAL", confirmation, until }, { lastRefusal: undefined });
  const effects: readonly Effect[] = [
    { type: "notify", notice: progressOf(transaction, rule, until, now), final: false },
    { type: "reset-wrong-codes" },
    { type: "release-slot" },
  ];
  return { transaction, effects };
}

/** The approval of somebody else's transaction: nothing is offered to anybody. */
export function acceptApproval(of: Transaction, confirmation: Confirmation, now: UnixMs): Step {
  const effects: readonly Effect[] = [
    { type: "notify", notice: { type: "APPROVED", at: now }, final: false },
    { type: "reset-wrong-codes" },
    { type: "release-slot" },
  ];
  return { transaction: stand(of, { state: "APPROVED", confirmation, at: now }, { lastRefusal: undefined }), effects };
}

function progressOf(of: Transaction, rule: FrozenApproval, until: UnixMs, at: UnixMs): Notice {
  return { type: "PARTIAL", at, approved: (of.approvals ?? []).length, needed: neededOf(rule), until };
}

/** Written down before anything is made for the approver, so that whatever he answers is an answer that was asked for. */
export function ask(of: Transaction, event: Of<"approver-asked">): Step | Refusal {
  if (of.state !== "PARTIAL") return conflict(of, "it waits for nobody's approval");
  const { userId } = event.ask;
  const refusal = whyNotAsk(of, userId);
  if (refusal !== undefined) return refusal;
  const earlier = asksOf(of, userId);
  if (earlier.length !== event.n) return unchanged(of);
  return { transaction: proceed(of, { asked: [...(of.asked ?? []), event.ask] }), effects: [] };
}

/** Why this user may not be asked now. */
export function whyNotAsk(of: Transaction, userId: string): Refusal | undefined {
  if (of.userId === userId) return refuse("NOT_ALLOWED", "user_id: nobody approves what he asked for himself.");
  if (!approversOf(of).includes(userId)) return refuse("NOT_ALLOWED", "user_id: he is none of its approvers.");
  if ((of.approvals ?? []).some((one) => one.userId === userId)) {
    return refuse("NOT_ALLOWED", "user_id: he has approved it. Somebody else has to as well.");
  }
  return undefined;
}

export function asksOf({ asked = [] }: Pick<Transaction, "asked">, userId: string): readonly Ask[] {
  return asked.filter((one) => one.userId === userId);
}

/** One more yes, less those that do not count by now; the last one confirms it. */
export function giveApproval(of: Transaction, event: Of<"approval-given">, now: UnixMs): Step | Refusal {
  const rule = of.policy.approval;
  if (of.state !== "PARTIAL" || rule === undefined) return conflict(of, "it waits for nobody's approval");
  const before = of.approvals ?? [];
  const kept = before.filter(({ userId }) => !event.unfit.includes(userId));
  const counts = !event.unfit.includes(event.approval.userId) && mayCount(of, kept, event.approval);
  if (!counts && kept.length === before.length) return unchanged(of);
  const approvals = counts ? [...kept, event.approval] : kept;
  const { confirmation, until } = of;
  if (approvals.length < neededOf(rule)) {
    const transaction = stand(of, { state: "PARTIAL", confirmation, until }, { approvals });
    return {
      transaction,
      effects: [{ type: "notify", notice: progressOf(transaction, rule, until, now), final: false }],
    };
  }
  const claimBy = now + of.policy.claimByMs;
  const standing = { state: "CONFIRMED", confirmation, claimBy, lapsed: undefined } as const;
  const notice = { type: "CONFIRMED", at: now, claimBy } as const;
  const effects: readonly Effect[] = [{ type: "notify", notice, final: false }, { type: "offer" }];
  return { transaction: stand(of, standing, { approvals }), effects };
}

/** Asked for, of somebody who may, and once. */
function mayCount(of: Transaction, kept: readonly Approval[], { userId, txId }: Approval): boolean {
  const wasAsked = asksOf(of, userId).some((one) => one.txId === txId);
  return wasAsked && approversOf(of).includes(userId) && !kept.some((one) => one.userId === userId);
}

/** One no ends it, until it is being executed; from then on it is recorded like any late veto. */
export function refuseApproval(of: Transaction, event: Of<"approval-refused">, now: UnixMs): Step {
  const { ask: asked, how, reason, onKey } = event;
  if (!asksOf(of, asked.userId).some(({ txId }) => txId === asked.txId)) return unchanged(of);
  const by = asked.userId;
  if (of.state === "PARTIAL" || of.state === "CONFIRMED") {
    if (how === "TAMPERED") return end(of, "TAMPERED", now, { by }, [alarm(now)]);
    return end(of, "REJECTED", now, { rejectReason: reason, onKey, by });
  }
  if (!("lease" in of) || of.lateVeto !== undefined) return unchanged(of);
  return { transaction: proceed(of, { lateVeto: reason ?? RejectReason.CHANGED_MY_MIND }), effects: [] };
}

function alarm(at: UnixMs): Effect {
  return { type: "alert", notice: { type: "TAMPERED", at } };
}

/** What his key confirmed counts no more: nobody else's yes can stand for it. */
export function endUnfit(of: Transaction, { why }: Of<"requester-unfit">, now: UnixMs): Step {
  return of.state === "PARTIAL" ? end(of, "CANCELLED", now, { forApp: why }) : unchanged(of);
}

/** The approver's chats follow what he was asked about; what he said stays. */
export function follow(of: Transaction, event: Of<"parent-moved">, now: UnixMs): Step {
  if (of.approves === undefined || event.version <= (of.told ?? 0)) return unchanged(of);
  const told = { told: event.version };
  const { notice, final } = event;
  if (of.state === "PENDING") {
    if (!event.ends) return unchanged(of);
    const over: Notice = isEnding(notice) ? notice : { type: "APPROVAL_OVER", at: now, detail: of.tag };
    const ended = end(of, "CANCELLED", now, { forApp: "what it is about waits for nobody any more", notice: over });
    return { ...ended, transaction: { ...ended.transaction, ...told } };
  }
  // Who refused a code or let it lapse reads how it ends, and nothing in between.
  if (of.state !== "APPROVED" && !final) return unchanged(of);
  return { transaction: proceed(of, told), effects: [{ type: "notify", notice, final }] };
}

function isEnding({ type }: Notice): boolean {
  return type === "REJECTED" || type === "TAMPERED" || type === "EXPIRED" || type === "CANCELLED";
}
