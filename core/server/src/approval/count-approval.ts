// From an approver's shard to that of the transaction: what he said, applied once however often it is told.
import { equalBytes } from "@countersign/protocol";
import type { CoreGiven } from "../given.ts";
import { keyKey, userKey } from "../identity/entity-key.ts";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import { shardOfTransaction, shardOfUser, type HexId } from "../store/entity.ts";
import { loadCase, type HeldCase } from "../transaction/case.ts";
import { untilSettled } from "../transaction/commit.ts";
import type { TransactionEvent } from "../transaction/event.ts";
import { commitStep, happen } from "../transaction/happen.ts";
import { step } from "../transaction/machine.ts";
import { transactionKey } from "../transaction/transaction-key.ts";
import type { Approval, Confirmation, Transaction } from "../transaction/transaction.ts";
import { whyUnfit } from "./fit.ts";
import { saidOf } from "./outbox.ts";

/**
 * Tells the transaction what the approver said in `approval`, and answers how it stands then. What it is not waiting for
 * changes nothing of it.
 */
export async function countApproval(given: CoreGiven, approval: Transaction): Promise<Transaction | undefined> {
  const { approves, userId, txId, tenantId } = approval;
  if (approves === undefined) return undefined;
  const said = saidOf(approval);
  const parent = await loadTransaction(given, approves.txId);
  if (parent === undefined || said === undefined) return parent;
  // Made by this core from that one; whatever says otherwise was not.
  if (parent.tenantId !== tenantId || !equalBytes(parent.txDigest, approval.txDigest)) return parent;
  const after =
    said === "yes" && "confirmation" in approval
      ? await give(given, parent.txId, { userId, txId, ...confirmed(approval.confirmation) })
      : await happen(given, parent.txId, refusalOf(approval, said), `user:${userId}`);
  if (!isRefusal(after)) return after;
  if (after.refused === "UNAVAILABLE") throw new Error(`approval ${txId}: ${after.message}`);
  return loadTransaction(given, approves.txId);
}

export async function loadTransaction(given: CoreGiven, txId: HexId): Promise<Transaction | undefined> {
  return (await given.store.load(shardOfTransaction(txId), transactionKey(txId))).entities[0].body;
}

function confirmed({ keyId, signedStatement, at }: Confirmation): Pick<Approval, "keyId" | "signedStatement" | "at"> {
  return { keyId, signedStatement, at };
}

function refusalOf({ userId, txId, ...of }: Transaction, said: "yes" | "no" | "tampered"): TransactionEvent {
  const rejected = of.state === "REJECTED";
  return {
    ...{ type: "approval-refused", ask: { userId, txId } },
    how: said === "tampered" ? "TAMPERED" : "REJECTED",
    reason: rejected ? of.rejectReason : of.lateVeto,
    onKey: rejected && of.rejectedOnKey,
  };
}

/** Who is out by now is found before each count; the commit rests on the user and key of its own shard as they were read. */
function give(given: CoreGiven, parentId: HexId, approval: Approval): Promise<Transaction | Refusal> {
  return untilSettled(async (): Promise<Transaction | Refusal | undefined> => {
    const found = await loadCase(given, parentId);
    if (found === undefined) throw new Error(`${parentId} was loaded a moment ago and is never deleted`);
    const { confirmation } = found.transaction.body as { readonly confirmation?: Confirmation };
    const keyIds = confirmation === undefined ? [] : [confirmation.keyId];
    const held = (await loadCase(given, parentId, { keyIds })) ?? found;
    const before = held.transaction.body;
    const event = await eventOf(given, held, approval);
    const stepped = step(before, event, held.now);
    if (isRefusal(stepped)) return stepped;
    if (stepped.transaction === before) return before;
    const outcome = await commitStep(given, held, event, stepped, actorOf(event), {
      writes: [],
      reads: held.keys.map(({ key, version }) => ({ key, expected: version })),
    });
    return outcome === "committed" ? stepped.transaction : undefined;
  });
}

function actorOf(event: TransactionEvent): string {
  if (event.type === "approval-given") return `user:${event.approval.userId}`;
  return event.type === "approval-refused" ? `user:${event.ask.userId}` : "core";
}

async function eventOf(given: CoreGiven, held: HeldCase, approval: Approval): Promise<TransactionEvent> {
  const before = held.transaction.body;
  if (before.state === "PARTIAL") {
    const { keyId, at } = before.confirmation;
    const own = held.keys.find(({ key }) => key.id === keyId);
    const why = whyUnfit(held.user.body, own?.body, at);
    if (why !== undefined) return { type: "requester-unfit", why: `who asked for it is out: ${why}` };
    const refused = await findRefusal(given, before);
    if (refused !== undefined) return refused;
  }
  const unfit: string[] = [];
  for (const one of [...(before.approvals ?? []), approval]) {
    if (!(await isFit(given, before.tenantId, one))) unfit.push(one.userId);
  }
  return { type: "approval-given", approval, unfit };
}

/**
 * What anybody who was asked has said against it, and nobody was told yet: the entry that tells it is found by what whoever
 * writes to the store can hide, and then the others' yes would be all that is heard.
 */
async function findRefusal(
  given: CoreGiven,
  { asked = [], tenantId }: Transaction,
): Promise<TransactionEvent | undefined> {
  for (const { txId } of asked) {
    const approval = await loadTransaction(given, txId);
    const said = approval?.tenantId === tenantId ? saidOf(approval) : undefined;
    if (approval !== undefined && (said === "no" || said === "tampered")) return refusalOf(approval, said);
  }
  return undefined;
}

/** Of an approver of another shard, as he stands now. */
async function isFit(given: CoreGiven, tenantId: HexId, { userId, txId, keyId, at }: Approval): Promise<boolean> {
  const { entities } = await given.store.load(
    shardOfUser(tenantId, userId),
    userKey(tenantId, userId),
    keyKey(tenantId, keyId),
    transactionKey(txId),
  );
  const [user, key, own] = entities;
  if (own.body === undefined || saidOf(own.body) !== "yes") return false;
  return whyUnfit(user.body, key.body, at) === undefined;
}
