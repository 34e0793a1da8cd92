// Pure: the invitation of an administrator who lost his token and keys, once its hold is over.
import { refuse, type Refusal } from "../rpc/refusal.ts";
import type { UnixMs } from "../store/entity.ts";
import { whyNotReady } from "../identity/user-recovery.ts";
import type { User } from "../identity/user.ts";
import type { Admin } from "./admin.ts";

/** Him with the new token in the place of all others; why not; undefined: it is no such invitation. */
export function claimedAgain(
  admin: Admin,
  user: User | undefined,
  { invitation, token }: { readonly invitation: string; readonly token: string },
  now: UnixMs,
): Admin | Refusal | undefined {
  const { invitation: held } = admin;
  if (held === undefined || held.id !== invitation || held.recovery === undefined) return undefined;
  if (user === undefined || admin.state !== "ACTIVE") return refuse("STATE_CONFLICT", `He is ${admin.state}.`);
  const refusal = whyNotReady(user, held.recovery, now);
  if (refusal !== undefined) return refusal;
  const { recovery: _used, ...used } = held;
  return { ...admin, tokens: { listed: [{ id: token, issuedAt: now }] }, invitation: used };
}
