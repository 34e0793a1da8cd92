import { frozen, stoppedBetween, withoutRecovery } from "../identity/user-recovery.ts";
import type { User } from "../identity/user.ts";
import type { UnixMs } from "../store/entity.ts";
import type { Effect, Transaction } from "./transaction.ts";

export interface UserChange {
  readonly user: User;
  /** What his chats are told because of it. */
  readonly alerts: readonly Effect[];
}

/** The user's counters, slots and state after the effects of one step. */
export function changeUser(user: User, effects: readonly Effect[], of: Transaction, now: UnixMs): UserChange {
  let changed = user;
  const alerts: Effect[] = [];
  for (const effect of effects) {
    switch (effect.type) {
      case "freeze-user":
        changed = frozen(changed, now);
        break;
      case "count-wrong-code": {
        const counted = countWrongCode(changed, of.policy.wrongCodesInARow, now);
        changed = counted.user;
        alerts.push(...counted.alerts);
        break;
      }
      case "reset-wrong-codes":
        // Key, PIN and phone are with their owner: nothing of it is lost.
        changed = withoutRecovery(changed.wrongInARow === 0 ? changed : { ...changed, wrongInARow: 0 }, now);
        break;
      case "release-slot":
        changed = releaseSlot(changed, of.txId);
        break;
      case "act":
        if (effect.action.type === "thaw") {
          changed = { ...changed, wrongInARow: 0, state: changed.state === "SUSPENDED" ? "SUSPENDED" : "ACTIVE" };
          alerts.push({ type: "alert", notice: { type: "THAWED", at: now } });
        }
        break;
      case "deliver-code":
      case "notify":
      case "alert":
      case "offer":
        break;
    }
  }
  if (stoppedBetween(user, changed) !== undefined) {
    alerts.push({ type: "alert", notice: { type: "RECOVERY_STOPPED", at: now } });
  }
  return { user: changed, alerts };
}

function countWrongCode(user: User, most: number, now: UnixMs): UserChange {
  const wrongInARow = user.wrongInARow + 1;
  if (wrongInARow >= most && user.state === "ACTIVE") {
    const blocked = { ...user, wrongInARow, state: "BLOCKED", stoppedAt: now } as const;
    return { user: blocked, alerts: [{ type: "alert", notice: { type: "BLOCKED", at: now } }] };
  }
  const warns = wrongInARow === most - 1;
  const alerts: readonly Effect[] = warns ? [{ type: "alert", notice: { type: "LAST_WARNING", at: now } }] : [];
  return { user: { ...user, wrongInARow }, alerts };
}

function releaseSlot(user: User, txId: string): User {
  if (user.thaw?.txId === txId) return { ...user, thaw: undefined };
  return { ...user, open: user.open.filter((slot) => slot.txId !== txId) };
}
