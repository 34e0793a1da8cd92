// Pure: whether what a key confirmed still stands for its user. docs/decisions/0025, "Whose yes counts"
import type { Key } from "../identity/key.ts";
import type { User } from "../identity/user.ts";
import type { UnixMs } from "../store/entity.ts";

/** Why it does not: stopped since, or the key revoked. Fail closed: who was stopped and is free again confirms anew. */
export function whyUnfit(
  user: Pick<User, "state" | "stoppedAt"> | undefined,
  key: Pick<Key, "state"> | undefined,
  at: UnixMs,
): string | undefined {
  if (user === undefined || key === undefined) return "unknown";
  if (user.state !== "ACTIVE") return user.state;
  if ((user.stoppedAt ?? -Infinity) >= at) return "STOPPED_SINCE";
  return key.state === "ACTIVE" ? undefined : "KEY_REVOKED";
}
