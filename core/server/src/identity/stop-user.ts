// Pure: what stops a user, whoever asks for it.
import { refuse, type Refusal } from "../rpc/refusal.ts";
import type { UnixMs } from "../store/entity.ts";
import type { UserChange } from "./change-user.ts";
import { frozen, withoutRecovery } from "./user-recovery.ts";
import type { User } from "./user.ts";

/** Whatever was on its way for him ends: nobody replaces the keys of a user who was taken out. */
export function suspended(user: User, now: UnixMs): UserChange | User {
  const safe = withoutRecovery(user, now);
  if (user.state === "SUSPENDED") return safe === user ? user : { user: safe, event: "recovery.stopped" };
  return {
    user: { ...safe, state: "SUSPENDED", suspendedFrom: user.state, stoppedAt: now },
    event: "user.suspended",
    tell: { type: "USER_SUSPENDED" },
  };
}

/** Also a blocked user: "not me" outlives the five wrong codes. */
export function freeze(user: User, now: UnixMs): UserChange | User | Refusal {
  if (user.state === "SUSPENDED")
    return refuse("STATE_CONFLICT", "The user is suspended, which stops more than a freeze.");
  const after = frozen(user, now);
  if (after === user) return user;
  if (user.state === "FROZEN") return { user: after, event: "recovery.stopped" };
  return { user: after, event: "user.frozen", tell: { type: "FROZEN" } };
}
