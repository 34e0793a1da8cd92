// What a program on the user's PC may know and do about the one transaction that its token names.
import { decodeContent } from "@countersign/protocol";
import {
  ConfirmationClass,
  ConfirmationServiceGetResponse,
  ConfirmationServiceResendResponse,
  ConfirmationServiceService,
  ConfirmationServiceWatchResponse,
  ConfirmationServiceWithdrawResponse,
  type ConfirmationServiceServer,
  type ConfirmationServiceWatchRequest,
} from "@countersign/proto/node/core/v1/confirmation_service";
import { resendCode } from "../code/resend.ts";
import { timestampOf } from "../delivery/timestamp.ts";
import type { CoreGiven } from "../given.ts";
import { confirmationToken, serverStream, unary, type Call, type Send } from "../rpc/handler.ts";
import type { Caller } from "../rpc/caller.ts";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import type { Service } from "../rpc/server.ts";
import type { HexId } from "../store/entity.ts";
import { neededOf } from "./approving.ts";
import { happen } from "./happen.ts";
import { ownTransaction } from "./own-transaction.ts";
import { fidoRequestOf, keyIdsOf, loadSigners, type Signers } from "./signers.ts";
import { letTimePass } from "./time.ts";
import { lineMessages, MODE } from "./transaction-message.ts";
import type { State, Transaction } from "./transaction.ts";
import { watchTransaction } from "./watch.ts";

/** All that an untrusted client learns of a state. */
const CLASS: Readonly<Record<State, ConfirmationClass>> = {
  PENDING: ConfirmationClass.WAITING,
  PARTIAL: ConfirmationClass.PARTIAL,
  APPROVED: ConfirmationClass.APPROVED,
  CONFIRMED: ConfirmationClass.CONFIRMED,
  EXECUTING: ConfirmationClass.CONFIRMED,
  EXECUTED: ConfirmationClass.EXECUTED,
  EXECUTION_FAILED: ConfirmationClass.ENDED,
  EXECUTION_UNKNOWN: ConfirmationClass.UNKNOWN,
  REJECTED: ConfirmationClass.ENDED,
  TAMPERED: ConfirmationClass.TAMPERED,
  LOCKED: ConfirmationClass.ENDED,
  EXPIRED: ConfirmationClass.ENDED,
  CANCELLED: ConfirmationClass.ENDED,
  UNDELIVERABLE: ConfirmationClass.ENDED,
};

export function confirmationService(given: CoreGiven): Service {
  const implementation: ConfirmationServiceServer = {
    get: unary(given, confirmationToken, async (_request, { caller }) => {
      const found = await ownTransaction(given, caller, txIdOf(caller));
      return isRefusal(found) ? found : getResponse(given, found, await loadSigners(given, found));
    }),
    watch: serverStream(given, confirmationToken, (request, call, send) => watch(given, request, call, send)),
    withdraw: unary(given, confirmationToken, async (_request, { caller }) => {
      const event = { type: "cancelled", by: "client", detail: "" } as const;
      const after = await happen(given, txIdOf(caller), event, "client");
      return isRefusal(after) ? after : ConfirmationServiceWithdrawResponse.create({ class: CLASS[after.state] });
    }),
    resend: unary(given, confirmationToken, async (_request, { caller }) => {
      const after = await resendCode(given, txIdOf(caller), "client");
      if (isRefusal(after)) return after;
      return ConfirmationServiceResendResponse.create({ resendsLeft: after.policy.resends - after.resends });
    }),
  };
  return { definition: ConfirmationServiceService, implementation };
}

function getResponse(given: CoreGiven, of: Transaction, signers: Signers): ConfirmationServiceGetResponse {
  const { state } = letTimePass(of, given.store.now()).transaction;
  const content = decodeContent(of.content);
  return ConfirmationServiceGetResponse.create({
    transactionId: of.txId,
    serverId: given.serverId,
    nonce: Buffer.from(of.nonce),
    kind: of.kind,
    contentVersion: content.version,
    issuerName: content.issuer,
    lines: lineMessages(content.lines),
    tag: of.tag,
    mode: MODE[of.mode],
    class: CLASS[state],
    expiresAt: timestampOf(of.expiresAt),
    keyIds: keyIdsOf(signers),
    fido: fidoRequestOf(signers),
    ...approvalsFor(of),
    requestedBy: of.approves?.userId ?? "",
  });
}

type ApprovalsPart = Pick<ConfirmationServiceGetResponse, "approvalsNeeded" | "approvalsGiven" | "approveBy">;

/** Numbers alone: who approves is none of the PC's business. */
function approvalsFor(of: Transaction): ApprovalsPart {
  const rule = of.policy.approval;
  return {
    approvalsNeeded: rule === undefined ? 0 : neededOf(rule),
    approvalsGiven: (of.approvals ?? []).length,
    approveBy: of.state === "PARTIAL" ? timestampOf(of.until) : undefined,
  };
}

/** One message a class and set of keys: how often it was tried is not for the client to know. */
async function watch(
  given: CoreGiven,
  request: ConfirmationServiceWatchRequest,
  { caller, signal }: Call,
  send: Send<ConfirmationServiceWatchResponse>,
): Promise<void | Refusal> {
  let told = "";
  const from = { txId: txIdOf(caller), cursor: request.cursor, signal };
  return watchTransaction(given, from, async ({ transaction, signers }, cursor) => {
    const seen = `${CLASS[transaction.state]} ${signers.revoked} ${transaction.approvals?.length ?? 0}`;
    if (seen === told) return;
    told = seen;
    const keyIds = keyIdsOf(signers);
    const news = { class: CLASS[transaction.state], cursor, keyIds, ...approvalsFor(transaction) };
    await send(ConfirmationServiceWatchResponse.create(news));
  });
}

function txIdOf(caller: Caller): HexId {
  if (caller.kind === "confirmation") return caller.txId;
  throw new Error(`only confirmation tokens get here, not ${caller.kind}`);
}
