import { toHex } from "@countersign/protocol";
import type { CoreGiven } from "../given.ts";
import type { Shard } from "../store/entity.ts";
import type { ChangeSet } from "../store/store.ts";
import { leaveOnBehalf, tellOnBehalf } from "../rpc/on-behalf.ts";
import { commitFor } from "../rpc/running-call.ts";
import { refuse, type Refusal } from "../rpc/refusal.ts";

/** Commits under an id of its own, for no call that is over before it wrote anything. After "unknown" the store is asked before anybody is answered. */
export async function commitOnce(
  given: CoreGiven,
  shard: Shard,
  change: Omit<ChangeSet, "changeId">,
): Promise<"committed" | "conflict" | "late"> {
  const changeId = toHex(given.random.bytes(16));
  const told = { ...change, audit: tellOnBehalf(change.audit), changeId };
  const outcome = await commitFor(() => leaveOnBehalf(() => given.store.commit(shard, told)));
  if (outcome !== "unknown") return outcome;
  return (await given.store.outcome(shard, changeId)) === "committed" ? "committed" : "conflict";
}

const MOST_ATTEMPTS = 200;

/**
 * Runs load-judge-commit until it is settled: `attempt` answers undefined after a conflict. Each conflict means that
 * somebody else got ahead, so the bound is only met when something is broken.
 */
export async function untilSettled<T>(attempt: () => Promise<T | undefined>): Promise<T | Refusal> {
  for (let i = 0; i < MOST_ATTEMPTS; i++) {
    const settled = await attempt();
    if (settled !== undefined) return settled;
  }
  return refuse("UNAVAILABLE", "Too many changes at once. Ask again.", { retryAfterMs: 1000 });
}
