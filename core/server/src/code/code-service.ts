import {
  CodeServiceGetDeliveryResponse,
  CodeServiceResendResponse,
  CodeServiceService,
  DeliveryAttempt,
  DeliveryState,
  type CodeServiceGetDeliveryRequest,
  type CodeServiceResendRequest,
  type CodeServiceServer,
} from "@countersign/proto/node/core/v1/code_service";
import type { Delivery } from "../delivery/delivery.ts";
import { timestampOf } from "../delivery/timestamp.ts";
import type { CoreGiven } from "../given.ts";
import { actorOf, serverStream, submitApp, unary, type Call } from "../rpc/handler.ts";
import { isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import type { Service } from "../rpc/server.ts";
import { shardOfTransaction } from "../store/entity.ts";
import { ownTransaction } from "../transaction/own-transaction.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { resendCode } from "./resend.ts";

/** How the code travels. The code itself is in no answer. */
export function codeService(given: CoreGiven): Service {
  const implementation: CodeServiceServer = {
    getDelivery: unary(given, submitApp, (request: CodeServiceGetDeliveryRequest, call) =>
      getDelivery(given, request, call),
    ),
    watchDelivery: serverStream(given, submitApp, () =>
      Promise.resolve(refuse("UNAVAILABLE", "WatchDelivery is not there yet.")),
    ),
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
  const attempts = await promptsOf(given, transaction);
  return CodeServiceGetDeliveryResponse.create({ attempts: attempts.map(attemptMessage) });
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

const MOST_DELIVERIES = 64;

/** Oldest first; alerts are no attempts. */
async function promptsOf(given: CoreGiven, { txId, tenantId }: Transaction): Promise<Delivery[]> {
  const shard = shardOfTransaction(txId);
  const page = { tenant: tenantId, limit: MOST_DELIVERIES };
  const keys = await given.store.list(shard, "delivery", txId, page);
  const { entities } = await given.store.load(shard, ...keys);
  const prompts = entities.map(({ body }) => body).filter((body) => body?.type === "prompt");
  return prompts.toReversed() as Delivery[];
}

function attemptMessage({ platform, state, reason, wanted, shownIssue, updatedAt }: Delivery): DeliveryAttempt {
  const issue = wanted.phase === "full" ? wanted.issue.n : (shownIssue?.n ?? 0);
  return DeliveryAttempt.create({
    platform,
    state: DeliveryState[state],
    reason: reason ?? "",
    issue,
    at: timestampOf(updatedAt),
  });
}
