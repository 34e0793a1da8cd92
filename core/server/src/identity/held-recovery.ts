// A recovery that administrators' keys have confirmed: nobody has to agree any more, the hold begins at once.
import type { CoreGiven } from "../given.ts";
import { refuse, type Refusal } from "../rpc/refusal.ts";
import type { HexId, UnixMs } from "../store/entity.ts";
import { changeUser, type UserName } from "./change-user.ts";
import { whyNotBegin } from "./recover.ts";
import { standingOf, USE_WITHIN_MS, type Recovery } from "./recovery.ts";
import { recoveryOf, withoutRecovery, withRecovery } from "./user-recovery.ts";
import type { User } from "./user.ts";

/** Shorter is no time in which somebody on a journey can object. */
const LEAST_HOLD_MS = 24 * 3_600_000;

export interface Confirmed {
  readonly recoveryId: HexId;
  readonly reason: string;
  /** Administrators. */
  readonly askedBy: string;
  readonly approvedBy: string;
  /** Of the tenant's policy. */
  readonly holdHours: number;
}

/** All chats of the user are told until when it is held. Doing it again changes nothing. */
export function holdRecovery(
  given: CoreGiven,
  name: UserName,
  confirmed: Confirmed,
  by: { readonly actor: string; readonly detail: Readonly<Record<string, string | number | boolean>> },
): Promise<User | Refusal> {
  const { recoveryId, reason, askedBy, approvedBy, holdHours } = confirmed;
  return changeUser(given, name, by.actor, (user, now) => {
    if (recoveryOf(user, recoveryId) !== undefined) return user;
    const refusal = whyNotBegin(user, now);
    if (refusal !== undefined) return refusal;
    const readyAt = now + Math.max(LEAST_HOLD_MS, holdHours * 3_600_000);
    const held: Recovery = {
      ...{ recoveryId, reason, askedBy: `${BY_CHANGE}${askedBy}`, askedAt: now, state: "HELD" },
      ...{ approvedBy: `${BY_CHANGE}${approvedBy}`, readyAt, expiresAt: readyAt + USE_WITHIN_MS },
    };
    return {
      user: withRecovery(withoutRecovery(user, now), held),
      tell: { type: "RECOVERY_HELD", detail: new Date(readyAt).toISOString(), about: recoveryId },
      event: "recovery.approved",
      detail: { ...by.detail, recovery: recoveryId, readyAt },
    };
  });
}

/** What names of apps, which are ids, never begin with. */
const BY_CHANGE = "admin:";

/** Whether administrators confirmed it, and not two apps. */
export function isByChange(user: User, recoveryId: HexId): boolean {
  return recoveryOf(user, recoveryId)?.askedBy.startsWith(BY_CHANGE) === true;
}

/** Its new key is invited by administrators alone: one app is not the second person of a recovery that it did not begin. */
export function whyNotInvite(user: User, recoveryId: HexId, by: string): Refusal | undefined {
  if (!isByChange(user, recoveryId) || by.startsWith(BY_CHANGE)) return undefined;
  return refuse("NOT_ALLOWED", "recovery_id: administrators confirmed this recovery, and they invite the new key.");
}

/** As little does one app say which key it is that comes. */
export function whyNotAccept(user: User, recoveryId: HexId, by: string): Refusal | undefined {
  if (!isByChange(user, recoveryId) || by.startsWith(BY_CHANGE)) return undefined;
  return refuse("NOT_ALLOWED", "key_id: it replaces the user's keys by a change of administrators: they accept it.");
}

/** The one that administrators confirmed and whose hold is over, if any: the user's next key comes by it. */
export function readyByChange({ recoveries = [] }: User, now: UnixMs): HexId | undefined {
  const ready = recoveries.find((one) => one.askedBy.startsWith(BY_CHANGE) && standingOf(one, now) === "READY");
  return ready?.recoveryId;
}
