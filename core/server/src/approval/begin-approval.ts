// Asking one approver: written down at the transaction first, then a transaction of his own. docs/protocol/approval.md section 3
import { decodeContent, sha256, utf8 } from "@countersign/protocol";
import type { CoreGiven } from "../given.ts";
import { badInput, isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import { shardOfUser, type HexId } from "../store/entity.ts";
import { asksOf, MOST_ASKS, whyNotAsk } from "../transaction/approving.ts";
import { createTransaction, drawIds, type Created } from "../transaction/create.ts";
import type { Draft } from "../transaction/draft.ts";
import { happen, unknownTransaction } from "../transaction/happen.ts";
import { reserve } from "../transaction/reserve.ts";
import { letTimePass } from "../transaction/time.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { countApproval, loadTransaction } from "./count-approval.ts";

/** Less than this is no time to read, type and sign. */
const SHORTEST_MS = 10_000;
const LONGEST_MS = 600_000;

/** Whose approval of what, and how the audit names who asks for it. */
export interface ApprovalAsk {
  readonly tenantId: HexId;
  readonly parentId: HexId;
  readonly userId: string;
  readonly actor: string;
}

/** The approver's own transaction: the open one, or a new one. */
export async function beginApproval(given: CoreGiven, of: ApprovalAsk): Promise<Created | Refusal> {
  const parent = await loadOwn(given, of);
  if (isRefusal(parent)) return parent;
  const why = whyNot(parent, of.userId, given.store.now());
  if (why !== undefined) return why;
  const asks = asksOf(parent, of.userId);
  const last = asks.at(-1);
  if (last === undefined) return askAnew(given, of, parent, 0);
  const current = await loadTransaction(given, last.txId);
  // Written down and never made, or waiting for his key: the same one again, under the same ids.
  if (current === undefined || isOpen(current, given.store.now())) return make(given, of, parent, asks.length - 1);
  if (current.state === "APPROVED") {
    // Said, and perhaps not counted yet; it is now, and what still does not count has to be said anew.
    await countApproval(given, current);
    const after = await loadOwn(given, of);
    const counted = isRefusal(after) ? after : whyNot(after, of.userId, given.store.now());
    if (counted !== undefined) return counted;
  }
  if (asks.length < MOST_ASKS) return askAnew(given, of, parent, asks.length);
  return refuse("RATE_LIMITED", `user_id: he was asked ${MOST_ASKS} times. Another approver has to confirm it.`);
}

/** Another tenant's reads as unknown, and so does what is itself an approval. */
async function loadOwn(given: CoreGiven, { tenantId, parentId }: ApprovalAsk): Promise<Transaction | Refusal> {
  const parent = await loadTransaction(given, parentId);
  return parent?.tenantId === tenantId ? parent : unknownTransaction;
}

function whyNot(of: Transaction, userId: string, now: number): Refusal | undefined {
  const { transaction: parent } = letTimePass(of, now);
  const metadata = { state: parent.state };
  if (parent.approves !== undefined) {
    return badInput("transaction_id", `it is an approval itself; what it approves is ${parent.approves.txId}`);
  }
  if (parent.state === "PENDING") {
    return refuse("STATE_CONFLICT", `${parent.userId}, who asked for it, has not confirmed it himself yet.`, {
      metadata,
    });
  }
  if (parent.state === "EXPIRED") return refuse("EXPIRED", "Not everybody confirmed it in time. Create it anew.");
  if (parent.state !== "PARTIAL") {
    return refuse("STATE_CONFLICT", `The transaction is ${parent.state}: it waits for nobody's approval.`, {
      metadata,
    });
  }
  if (parent.until - now < SHORTEST_MS) return refuse("EXPIRED", "It ends in a moment. Create it anew.");
  return whyNotAsk(parent, userId);
}

function isOpen(approval: Transaction, now: number): boolean {
  return letTimePass(approval, now).transaction.state === "PENDING";
}

async function askAnew(given: CoreGiven, of: ApprovalAsk, parent: Transaction, n: number): Promise<Created | Refusal> {
  const draft = draftOf(of, parent, n, given.store.now());
  const use = { ...draft, by: draft.createdBy, rpc: APPROVE_RPC };
  const reserved = await reserve(given, use, drawIds(given, shardOfUser(of.tenantId, of.userId)));
  if (isRefusal(reserved)) return reserved;
  const ask = { userId: of.userId, txId: reserved.drawn["txId"] ?? "" };
  const after = await happen(given, parent.txId, { type: "approver-asked", ask, n }, of.actor);
  return isRefusal(after) ? after : createTransaction(given, draft);
}

function make(given: CoreGiven, of: ApprovalAsk, parent: Transaction, n: number): Promise<Created | Refusal> {
  return createTransaction(given, draftOf(of, parent, n, given.store.now()));
}

/** Under which the ids of an approval are reserved. */
export const APPROVE_RPC = "approve";

/** The same for the n-th time that this approver is asked, whoever asks. The content is that of the transaction, byte for byte. */
function draftOf({ tenantId, userId, actor }: ApprovalAsk, parent: Transaction, n: number, now: number): Draft {
  const { kind, fields, content, txId, policy } = parent;
  const requestId = `${txId} ${userId} ${n}`;
  const left = parent.state === "PARTIAL" ? parent.until - now : LONGEST_MS;
  return {
    ...{ tenantId, userId, kind, fields, createdBy: "core", actor, requestId },
    bodyHash: sha256(utf8(requestId)),
    lifetimeMs: Math.min(left, LONGEST_MS),
    assuranceHint: policy.assurance,
    approval: {
      approves: { txId, userId: parent.userId },
      content: { fields, lines: decodeContent(content).lines, content },
    },
  };
}
