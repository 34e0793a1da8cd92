// For the sweeper: what one shard has to tell others, until everybody was told.
import type { CoreGiven } from "../given.ts";
import { isRefusal } from "../rpc/refusal.ts";
import type { EntityKey, Shard } from "../store/entity.ts";
import type { Found } from "../store/store.ts";
import { approversOf } from "../transaction/approving.ts";
import { commitOnce, untilSettled } from "../transaction/commit.ts";
import { happen } from "../transaction/happen.ts";
import { letTimePass } from "../transaction/time.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { countApproval, loadTransaction } from "./count-approval.ts";
import { parentMoved } from "./parent-notice.ts";
import { showRequest } from "./request.ts";

/** Told as it stands now, which is at least what the entry was written for; then the entry goes. A crash before tells it again. */
export async function outboxDue(given: CoreGiven, { shard, key }: Found<"outbox">): Promise<void> {
  const { entities } = await given.store.load(shard, key);
  const entry = entities[0].body;
  if (entry === undefined) return;
  const transaction = await loadTransaction(given, entry.txId);
  if (transaction?.approves !== undefined) await countApproval(given, transaction);
  else if (transaction !== undefined) await tellApprovers(given, transaction);
  await remove(given, shard, key);
}

async function tellApprovers(given: CoreGiven, parent: Transaction): Promise<void> {
  for (const userId of approversOf(parent)) await showRequest(given, parent, userId);
  for (const { userId, txId } of parent.asked ?? []) {
    const moved = parentMoved(parent, userId, given.store.now());
    if (moved === undefined) continue;
    const after = await happen(given, txId, moved, "core");
    // Asked for, and never made: a crash came between.
    if (isRefusal(after) && after.refused !== "UNKNOWN_TRANSACTION") throw new Error(`${txId}: ${after.message}`);
  }
}

/** A request that nobody took back: a core stood still while the transaction ended. */
export async function requestDue(given: CoreGiven, { shard, key }: Found<"approval-request">): Promise<void> {
  const { entities, now } = await given.store.load(shard, key);
  const request = entities[0].body;
  if (request === undefined) return;
  const parent = await loadTransaction(given, request.txId);
  if (parent !== undefined && letTimePass(parent, now).transaction.state === "PARTIAL") return;
  await remove(given, shard, key);
}

async function remove<T extends "outbox" | "approval-request">(
  given: CoreGiven,
  shard: Shard,
  key: EntityKey<T>,
): Promise<void> {
  const done = await untilSettled(async (): Promise<true | undefined> => {
    const { entities, epoch } = await given.store.load(shard, key);
    const [found] = entities as readonly [{ readonly version: string; readonly body: unknown }];
    if (found.body === undefined) return true;
    const event = key.type === "outbox" ? "approval.told" : "approval.over";
    const audit = [{ event, tenant: key.tenant, actor: "core", subject: `${key.type}:${key.id}`, detail: {} }] as const;
    const write = { key, expected: found.version, body: undefined } as never;
    const outcome = await commitOnce(given, shard, { epoch, writes: [write], audit });
    return outcome === "committed" ? true : undefined;
  });
  if (isRefusal(done)) throw new Error(`${key.type} ${key.id}: ${done.message}`);
}
