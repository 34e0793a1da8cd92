// Leases and fences: reliability rests on one version-compared step to EXECUTING, and on Begin right before the effect.
import { equalBytes, fromHex, receiptNumberOf } from "@countersign/protocol";
import { refuse, type Refusal } from "../rpc/refusal.ts";
import type { UnixMs } from "../store/entity.ts";
import { conflict, stand, unchanged, type Step } from "./change.ts";
import type { TransactionEvent } from "./event.ts";
import type { Confirmation, Effect, Lease, Transaction } from "./transaction.ts";

type Of<T extends TransactionEvent["type"]> = Extract<TransactionEvent, { type: T }>;

/** CONFIRMED, or begun by an idempotent executor whose lease lapsed: fence + 1. The same claim_id: the same lease. */
export function claim(of: Transaction, event: Of<"claimed">, now: UnixMs): Step | Refusal {
  if (!equalBytes(event.txDigest, of.txDigest)) {
    return conflict(of, "tx_digest is not the digest of this transaction");
  }
  if (of.state === "CONFIRMED") return lend(of, of.confirmation, of.claimBy, of.lapsed, false, event, now);
  if (of.state === "EXECUTING") {
    if (of.lease.lapsed === undefined) {
      const same = of.lease.claimId === event.claimId && of.lease.appId === event.appId;
      return same ? unchanged(of) : conflict(of, "another claim holds the lease");
    }
    // The effect may have happened: only who can safely do it again under the same key may go on.
    if (event.idempotent) return lend(of, of.confirmation, of.claimBy, of.lease, true, event, now);
    return conflict(of, "it was begun, and only an idempotent executor may take it over");
  }
  if (of.state === "EXPIRED") return refuse("EXPIRED", "Nobody claimed it in time. Create it anew.");
  return conflict(of, "only a CONFIRMED transaction can be claimed");
}

function lend(
  of: Transaction,
  confirmation: Confirmation,
  claimBy: UnixMs,
  last: Lease | undefined,
  begun: boolean,
  event: Of<"claimed">,
  now: UnixMs,
): Step {
  const { claimId, appId, idempotent, leaseMs } = event;
  const lease: Lease = { claimId, appId, fence: (last?.fence ?? 0) + 1, until: now + leaseMs, idempotent };
  const effects: readonly Effect[] = [{ type: "notify", notice: { type: "EXECUTING", at: now }, final: true }];
  return { transaction: stand(of, { state: "EXECUTING", confirmation, claimBy, lease, begun }), effects };
}

/** Under the current fence of a lease that holds. */
export function begin(of: Transaction, event: Of<"begun">, _now: UnixMs): Step | Refusal {
  const refusal = notHeld(of, event);
  if (refusal !== undefined) return refusal;
  if (of.state !== "EXECUTING") return conflict(of, "it is not being executed");
  if (of.begun) return unchanged(of);
  const { confirmation, claimBy, lease } = of;
  return { transaction: stand(of, { state: "EXECUTING", confirmation, claimBy, lease, begun: true }), effects: [] };
}

/** From now on. */
export function renew(of: Transaction, event: Of<"renewed">, now: UnixMs): Step | Refusal {
  const refusal = notHeld(of, event);
  if (refusal !== undefined) return refusal;
  if (of.state !== "EXECUTING") return conflict(of, "it is not being executed");
  const { confirmation, claimBy, begun } = of;
  const lease = { ...of.lease, until: now + event.leaseMs };
  return { transaction: stand(of, { state: "EXECUTING", confirmation, claimBy, lease, begun }), effects: [] };
}

/** Taken under the current fence, even after the lease lapsed; the same report again is harmless. */
export function report(of: Transaction, event: Of<"reported">, now: UnixMs): Step | Refusal {
  const lease = lastLease(of);
  if (lease === undefined) return conflict(of, "nobody claimed it");
  if (lease.fence !== event.fence || lease.appId !== event.appId) return stale(lease, event.fence);
  if (of.state === "EXECUTED" || of.state === "EXECUTION_FAILED") {
    return of.state === event.outcome ? unchanged(of) : conflict(of, "another outcome was reported");
  }
  return conclude(of, lease, event, now);
}

/** Ends EXECUTION_UNKNOWN; the same answer again is harmless. */
export function resolve(of: Transaction, event: Of<"resolved">, now: UnixMs): Step | Refusal {
  if (of.state === "EXECUTED" || of.state === "EXECUTION_FAILED") {
    return of.state === event.outcome ? unchanged(of) : conflict(of, "another outcome is known");
  }
  if (of.state !== "EXECUTION_UNKNOWN") return conflict(of, "only EXECUTION_UNKNOWN is resolved by hand");
  return conclude(of, of.lease, event, now);
}

function conclude(of: Transaction, lease: Lease, event: Of<"reported"> | Of<"resolved">, now: UnixMs): Step | Refusal {
  if (!("confirmation" in of)) return conflict(of, "it was not confirmed");
  const { outcome, detail } = event;
  const standing = { state: outcome, confirmation: of.confirmation, lease, detail, at: now } as const;
  const receipt = outcome === "EXECUTED" ? { receipt: receiptNumberOf(fromHex(of.txId), of.txDigest) } : {};
  const notice = { type: outcome, at: now, ...(detail === "" ? {} : { detail }), ...receipt } as const;
  return { transaction: stand(of, standing), effects: [{ type: "notify", notice, final: true }] };
}

/** Begin and Renew want a lease that holds: one that lapsed is claimed anew, so that nobody acts beside another. */
function notHeld(of: Transaction, event: Of<"begun"> | Of<"renewed">): Refusal | undefined {
  const lease = lastLease(of);
  if (lease === undefined) return undefined;
  if (lease.fence !== event.fence || lease.appId !== event.appId) return stale(lease, event.fence);
  if (of.state === "CONFIRMED" || lease.lapsed !== undefined) return stale(lease, event.fence);
  return undefined;
}

/** The lease that was given last, whether or not it holds. */
function lastLease(of: Transaction): Lease | undefined {
  if (of.state === "CONFIRMED") return of.lapsed;
  return "lease" in of ? of.lease : undefined;
}

function stale(lease: Lease, fence: number): Refusal {
  const why = fence === lease.fence ? "the lease lapsed" : `the lease is now at fence ${lease.fence}`;
  return refuse("STALE_FENCE", `fence ${fence}: ${why}. Claim it again before doing anything.`);
}
