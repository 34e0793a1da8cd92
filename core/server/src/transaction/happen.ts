import type { CoreGiven } from "../given.ts";
import { isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import type { HexId } from "../store/entity.ts";
import { auditOfChange } from "../admin/approval.ts";
import { auditOfSession } from "../admin/session.ts";
import { auditOfStop } from "../identity/user-recovery.ts";
import type { User } from "../identity/user.ts";
import type { AnyWrite, AuditDraft, ChangeSet, Found } from "../store/store.ts";
import { applyEffects } from "./apply-effects.ts";
import { auditOf, auditOfStep } from "./audit-event.ts";
import { loadCase, type HeldCase } from "./case.ts";
import type { Step } from "./change.ts";
import { commitOnce, untilSettled } from "./commit.ts";
import type { TransactionEvent } from "./event.ts";
import { step } from "./machine.ts";
import { dueAt, letTimePass } from "./time.ts";
import type { Transaction } from "./transaction.ts";

export const unknownTransaction: Refusal = refuse(
  "UNKNOWN_TRANSACTION",
  "transaction_id: there is no such transaction. Check the id.",
);

/**
 * Lets an event happen to a transaction: load, step, one commit, again after a conflict. The store's clock decides in
 * the commit who was first, the event or the transaction's end. `actor` goes to the audit.
 */
export async function happen(
  given: CoreGiven,
  txId: HexId,
  event: TransactionEvent,
  actor: string,
): Promise<Transaction | Refusal> {
  return untilSettled(async () => {
    const held = await loadCase(given, txId);
    if (held === undefined) return unknownTransaction;
    const before = held.transaction.body;
    const stepped = step(before, event, held.now);
    if (isRefusal(stepped)) return refused(given, held, event, actor, stepped);
    if (stepped.transaction === before) return before;
    const outcome = await commitStep(given, held, event, stepped, actor);
    return outcome === "committed" ? stepped.transaction : undefined;
  });
}

/** Commits a step with what else belongs to it. */
export async function commitStep(
  given: CoreGiven,
  held: HeldCase,
  event: TransactionEvent,
  stepped: Step,
  actor: string,
  more: Pick<ChangeSet, "writes" | "reads"> = { writes: [] },
): Promise<"committed" | "conflict" | "late"> {
  const before = held.transaction.body;
  const { reads = [] } = more;
  const writes = [...applyEffects(held, stepped.transaction, stepped.effects), ...more.writes];
  return commitOnce(given, held.shard, {
    epoch: held.epoch,
    ...windowOf(before, event, held),
    writes,
    reads,
    audit: [
      auditOfStep(event, before, stepped.transaction, actor),
      ...auditOfUser(held, writes, actor),
      ...auditOfChange(writes),
      ...auditOfSession(writes),
    ],
  });
}

/** What the step did to the user beside what it says of the transaction. */
function auditOfUser({ user }: HeldCase, writes: readonly AnyWrite[], actor: string): readonly AuditDraft[] {
  const after = writes.find(({ key }) => key.type === "user")?.body as User | undefined;
  return after === undefined ? [] : auditOfStop(user.body, after, actor);
}

/**
 * An event is judged at the moment of loading. Until its commit the transaction's time must not come; what time itself
 * did must not be written before it did, whatever this core's clock reads.
 */
function windowOf(
  before: Transaction,
  event: TransactionEvent,
  held: HeldCase,
): { notBefore?: number; notAfter?: number } {
  const due = dueAt(before);
  if (due === undefined || event.type === "reported") return {};
  return held.now >= due ? { notBefore: due } : { notAfter: due - 1 };
}

/** A refusal may be news: the transaction's time came, or somebody came with an old fence. */
async function refused(
  given: CoreGiven,
  held: HeldCase,
  event: TransactionEvent,
  actor: string,
  refusal: Refusal,
): Promise<Refusal | undefined> {
  const before = held.transaction.body;
  const passed = letTimePass(before, held.now);
  if (passed.transaction !== before) {
    const outcome = await commitStep(given, held, { type: "time-came" }, passed, "core");
    if (outcome !== "committed") return undefined;
  }
  if (refusal.refused === "STALE_FENCE") {
    const fence = "fence" in event ? event.fence : 0;
    const audit = [auditOf("execution.stale-fence", before, actor, { event: event.type, fence })] as const;
    await commitOnce(given, held.shard, { epoch: held.epoch, writes: [], audit });
  }
  return refusal;
}

/** For the sweeper: a transaction whose `due` has come. */
export async function expireTransaction(given: CoreGiven, found: Found): Promise<void> {
  await happen(given, found.key.id, { type: "time-came" }, "core");
}
