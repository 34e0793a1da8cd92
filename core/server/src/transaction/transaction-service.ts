import { RejectReason } from "@countersign/protocol";
import {
  TransactionServiceBeginApprovalResponse,
  TransactionServiceCancelResponse,
  TransactionServiceCreateGrantResponse,
  TransactionServiceCreateResponse,
  TransactionServiceGetResponse,
  TransactionServiceListApprovalsResponse,
  TransactionServiceListResponse,
  TransactionServiceService,
  TransactionServiceVetoResponse,
  TransactionServiceWatchResponse,
  type TransactionServiceBeginApprovalRequest,
  type TransactionServiceCancelRequest,
  type TransactionServiceCreateRequest,
  type TransactionServiceServer,
  type TransactionServiceVetoRequest,
  type TransactionServiceWatchRequest,
} from "@countersign/proto/node/core/v1/transaction_service";
import { beginApproval } from "../approval/begin-approval.ts";
import { decided } from "../approval/decided.ts";
import { listApprovals } from "../approval/list-approvals.ts";
import { timestampOf } from "../delivery/timestamp.ts";
import type { CoreGiven } from "../given.ts";
import { checkUserId } from "../identity/user-name.ts";
import { serverStream, submitApp, submitAppOrGrant, unary, type Call, type Send } from "../rpc/handler.ts";
import { actorOf, type Caller } from "../rpc/caller.ts";
import { badInput, isRefusal, type Refusal } from "../rpc/refusal.ts";
import type { Service } from "../rpc/server.ts";
import type { HexId } from "../store/entity.ts";
import { atCreation } from "./change.ts";
import { checkDetail } from "./check-detail.ts";
import { createTransaction } from "./create.ts";
import { createGrant, spendGrant } from "./grant.ts";
import { happen, unknownTransaction } from "./happen.ts";
import { listTransactions } from "./list.ts";
import { ownTransaction } from "./own-transaction.ts";
import { checkRequestId } from "./reserve.ts";
import { isTxId } from "./transaction-key.ts";
import { readCreate } from "./read-create.ts";
import { tellTransaction, transactionMessage } from "./transaction-message.ts";
import { isTooLate } from "./veto.ts";
import { watchTransaction } from "./watch.ts";

/** Creates transactions, tells where they stand, withdraws them. */
export function transactionService(given: CoreGiven): Service {
  const implementation: TransactionServiceServer = {
    create: unary(given, submitAppOrGrant, (request, call) => create(given, request, call)),
    createGrant: unary(given, submitApp, async (request, { caller }) => {
      const grant = await createGrant(given, appOf(caller), request);
      if (isRefusal(grant)) return grant;
      return TransactionServiceCreateGrantResponse.create({ grant: grant.token, expiresAt: timestampOf(grant.until) });
    }),
    get: unary(given, submitApp, async (request, { caller }) => {
      const found = await ownTransaction(given, caller, request.transactionId);
      if (isRefusal(found)) return found;
      return TransactionServiceGetResponse.create({ transaction: await tellTransaction(given, found) });
    }),
    list: unary(given, submitApp, async (request, { caller }) => {
      const page = await listTransactions(given, appOf(caller).tenantId, request);
      if (isRefusal(page)) return page;
      const transactions = await Promise.all(page.transactions.map((one) => tellTransaction(given, one)));
      return TransactionServiceListResponse.create({ transactions, nextPageToken: page.nextPageToken });
    }),
    watch: serverStream(given, submitApp, (request, call, send) => watch(given, request, call, send)),
    cancel: unary(given, submitApp, (request, call) => cancel(given, request, call)),
    veto: unary(given, submitApp, (request, call) => veto(given, request, call)),
    beginApproval: unary(given, submitApp, (request, call) => approve(given, request, call)),
    listApprovals: unary(given, submitApp, async (request, { caller }) => {
      const page = await listApprovals(given, appOf(caller).tenantId, request);
      if (isRefusal(page)) return page;
      const transactions = await Promise.all(page.transactions.map((one) => tellTransaction(given, one)));
      return TransactionServiceListApprovalsResponse.create({ transactions, nextPageToken: page.nextPageToken });
    }),
  };
  return { definition: TransactionServiceService, implementation };
}

async function create(
  given: CoreGiven,
  request: TransactionServiceCreateRequest,
  { caller }: Call,
): Promise<TransactionServiceCreateResponse | Refusal> {
  const draft = readCreate(request, caller);
  if (isRefusal(draft)) return draft;
  const spent = caller.kind === "grant" ? await spendGrant(given, caller.grantId, draft.requestId) : undefined;
  if (spent !== undefined) return spent;
  const created = await createTransaction(given, draft);
  if (isRefusal(created)) return created;
  const { transaction, confirmationToken } = created;
  const told = caller.kind === "grant" ? atCreation(transaction) : transaction;
  const message = await tellTransaction(given, told);
  // Who approves is none of the PC's business; how many do is what it checks the receipt by.
  if (caller.kind === "grant") message.approvers = [];
  return TransactionServiceCreateResponse.create({ transaction: message, confirmationToken });
}

async function approve(
  given: CoreGiven,
  { requestId, transactionId: parentId, userId }: TransactionServiceBeginApprovalRequest,
  { caller }: Call,
): Promise<TransactionServiceBeginApprovalResponse | Refusal> {
  const bad = checkRequestId(requestId) ?? checkUserId(userId);
  if (bad !== undefined) return bad;
  if (!isTxId(parentId)) return unknownTransaction;
  const { tenantId } = appOf(caller);
  const created = await beginApproval(given, { tenantId, parentId, userId, actor: actorOf(caller) });
  if (isRefusal(created)) return created;
  const { transaction, confirmationToken } = created;
  return TransactionServiceBeginApprovalResponse.create({
    transaction: await tellTransaction(given, transaction),
    confirmationToken,
  });
}

async function watch(
  given: CoreGiven,
  request: TransactionServiceWatchRequest,
  { caller, signal }: Call,
  send: Send<TransactionServiceWatchResponse>,
): Promise<void | Refusal> {
  const found = await ownTransaction(given, caller, request.transactionId);
  if (isRefusal(found)) return found;
  return watchTransaction(given, { txId: found.txId, cursor: request.cursor, signal }, (seen, cursor) =>
    send(
      TransactionServiceWatchResponse.create({
        transaction: transactionMessage(given, seen.transaction, seen.signers),
        cursor,
      }),
    ),
  );
}

async function cancel(
  given: CoreGiven,
  { transactionId, reason }: TransactionServiceCancelRequest,
  { caller }: Call,
): Promise<TransactionServiceCancelResponse | Refusal> {
  const unsafe = checkDetail(reason, "reason");
  if (unsafe !== undefined) return unsafe;
  const found = await ownTransaction(given, caller, transactionId);
  if (isRefusal(found)) return found;
  const event = { type: "cancelled", by: "app", detail: reason } as const;
  const after = await happen(given, found.txId, event, actorOf(caller));
  if (isRefusal(after)) return after;
  return TransactionServiceCancelResponse.create({ transaction: transactionMessage(given, after) });
}

async function veto(
  given: CoreGiven,
  { transactionId, reason }: TransactionServiceVetoRequest,
  { caller }: Call,
): Promise<TransactionServiceVetoResponse | Refusal> {
  const known = Object.values(RejectReason).find((one) => one === reason);
  if (known === undefined && reason !== 0) return badInput("reason", "must be one of RejectReason");
  const found = await ownTransaction(given, caller, transactionId);
  if (isRefusal(found)) return found;
  const event = { type: "vetoed", reason: known, onKey: false, mayFreeze: true } as const;
  const after = await happen(given, found.txId, event, actorOf(caller));
  if (isRefusal(after)) return after;
  const transaction = transactionMessage(given, after);
  return TransactionServiceVetoResponse.create({
    transaction,
    tooLate: isTooLate((await decided(given, after)).state),
  });
}

function appOf(caller: Caller): { readonly tenantId: HexId; readonly appId: HexId } {
  if (caller.kind === "app") return caller;
  throw new Error(`only apps get here, not ${caller.kind}`);
}
