import {
  CodeServiceGetDeliveryResponse,
  CodeServiceResendResponse,
  CodeServiceService,
  CodeServiceWatchDeliveryResponse,
  type CodeServiceGetDeliveryRequest,
  type CodeServiceResendRequest,
  type CodeServiceServer,
  type CodeServiceWatchDeliveryRequest,
} from "@countersign/proto/node/core/v1/code_service";
import type { CoreGiven } from "../given.ts";
import { actorOf, serverStream, submitApp, unary, type Call, type Send } from "../rpc/handler.ts";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import type { Service } from "../rpc/server.ts";
import { ownTransaction } from "../transaction/own-transaction.ts";
import { attemptMessage } from "./delivery-message.ts";
import { promptsOf } from "./prompts.ts";
import { resendCode } from "./resend.ts";
import { watchDelivery } from "./watch-delivery.ts";

/** How the code travels. The code itself is in no answer. */
export function codeService(given: CoreGiven): Service {
  const implementation: CodeServiceServer = {
    getDelivery: unary(given, submitApp, (request: CodeServiceGetDeliveryRequest, call) =>
      getDelivery(given, request, call),
    ),
    watchDelivery: serverStream(given, submitApp, (request, call, send) => watch(given, request, call, send)),
    resend: unary(given, submitApp, (request: CodeServiceResendRequest, call) => resend(given, request, call)),
  };
  return { definition: CodeServiceService, implementation };
}

async function getDelivery(
  given: CoreGiven,
  { transactionId }: CodeServiceGetDeliveryRequest,
  { caller }: Call,
): Promise<CodeServiceGetDeliveryResponse | Refusal> {
  const transaction = await ownTransaction(given, caller, transactionId);
  if (isRefusal(transaction)) return transaction;
  const { prompts } = await promptsOf(given, transaction);
  return CodeServiceGetDeliveryResponse.create({ attempts: prompts.map(attemptMessage) });
}

async function watch(
  given: CoreGiven,
  { transactionId, cursor }: CodeServiceWatchDeliveryRequest,
  { caller, signal }: Call,
  send: Send<CodeServiceWatchDeliveryResponse>,
): Promise<void | Refusal> {
  const found = await ownTransaction(given, caller, transactionId);
  if (isRefusal(found)) return found;
  const { txId, tenantId } = found;
  return watchDelivery(given, { txId, tenantId, cursor, signal }, (event, after) =>
    send(CodeServiceWatchDeliveryResponse.create({ event, cursor: after })),
  );
}

async function resend(
  given: CoreGiven,
  { transactionId }: CodeServiceResendRequest,
  { caller }: Call,
): Promise<CodeServiceResendResponse | Refusal> {
  const transaction = await ownTransaction(given, caller, transactionId);
  if (isRefusal(transaction)) return transaction;
  const resent = await resendCode(given, transactionId, actorOf(caller));
  if (isRefusal(resent)) return resent;
  return CodeServiceResendResponse.create({ resendsLeft: Math.max(0, resent.policy.resends - resent.resends) });
}
