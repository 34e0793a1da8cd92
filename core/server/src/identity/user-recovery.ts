// Pure: the recoveries of one user. They are part of him, so that whatever stops one does so in the commit it happens in.
import { refuse, type Refusal } from "../rpc/refusal.ts";
import type { HexId, UnixMs } from "../store/entity.ts";
import type { AuditDraft } from "../store/store.ts";
import { isLive, isUnended, stepRecovery, type Recovery } from "./recovery.ts";
import type { User } from "./user.ts";

/** Kept and told; older ones are in the audit alone. */
export const MOST_RECOVERIES = 8;

export const unknownRecovery: Refusal = refuse(
  "NOT_FOUND",
  "recovery_id: the user has no such recovery. ListRecoveries names those that are under way.",
);

export function recoveryOf(user: User, recoveryId: HexId): Recovery | undefined {
  return user.recoveries?.find((one) => one.recoveryId === recoveryId);
}

/** Why no key can be enrolled with it now; it is judged again when the key becomes active. */
export function whyNotReady(user: User, recoveryId: HexId, now: UnixMs): Refusal | undefined {
  const recovery = recoveryOf(user, recoveryId);
  if (recovery === undefined) return unknownRecovery;
  const used = stepRecovery(recovery, { type: "used", keyId: "" }, now);
  return "refused" in used ? used : undefined;
}

/** At most one of a user is. */
export function liveRecovery(user: User, now: UnixMs): Recovery | undefined {
  return user.recoveries?.find((one) => isLive(one, now));
}

/** The user with a new recovery, or with one in its new state. */
export function withRecovery(user: User, recovery: Recovery): User {
  const known = user.recoveries ?? [];
  const isKnown = known.some(({ recoveryId }) => recoveryId === recovery.recoveryId);
  const recoveries = isKnown
    ? known.map((one) => (one.recoveryId === recovery.recoveryId ? recovery : one))
    : [recovery, ...known].slice(0, MOST_RECOVERIES);
  return { ...user, recoveries };
}

/** Without a recovery under way, or one that a clock which goes back would bring back; the very same user when there is none. */
export function withoutRecovery(user: User, now: UnixMs): User {
  const unended = (user.recoveries ?? []).filter(isUnended);
  return unended.reduce((left, recovery) => {
    const stopped = stepRecovery(recovery, { type: "stopped" }, now);
    if ("refused" in stopped) throw new Error(`a recovery that is not over cannot be stopped: ${stopped.message}`);
    return withRecovery(left, stopped);
  }, user);
}

/** Frozen: whoever acts in the user's name, replacing his keys is no way around it. */
export function frozen(user: User, now: UnixMs): User {
  const safe = withoutRecovery(user, now);
  if (safe.state === "FROZEN") return safe;
  if (safe.state !== "SUSPENDED") return { ...safe, state: "FROZEN", stoppedAt: now };
  // Nobody who resumes him thaws him too.
  return safe.suspendedFrom === "FROZEN" || safe.suspendedFrom === undefined
    ? safe
    : { ...safe, suspendedFrom: "FROZEN" };
}

/** The recovery that this change of its user stopped. */
export function stoppedBetween(before: User, after: User): Recovery | undefined {
  return after.recoveries?.find(
    ({ recoveryId, state }) => state === "STOPPED" && recoveryOf(before, recoveryId)?.state !== "STOPPED",
  );
}

export function auditOfStop(before: User, after: User, actor: string): AuditDraft[] {
  const stopped = stoppedBetween(before, after);
  if (stopped === undefined) return [];
  const { tenantId: tenant, userId } = after;
  const detail = { recovery: stopped.recoveryId };
  return [{ event: "recovery.stopped", tenant, actor, subject: `user:${userId}`, detail }];
}
