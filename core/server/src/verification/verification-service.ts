import { encodeAssertion, fromHex, isAssertion } from "@countersign/protocol";
import type { Transaction as TransactionMessage } from "@countersign/proto/node/core/v1/transaction_service";
import {
  VerificationServiceService,
  VerificationServiceSubmitAssertionResponse,
  VerificationServiceSubmitStatementResponse,
  type VerificationServiceServer,
  type VerificationServiceSubmitAssertionRequest,
  type VerificationServiceSubmitStatementRequest,
} from "@countersign/proto/node/core/v1/verification_service";
import type { CoreGiven } from "../given.ts";
import { submitAppOrToken, unary, type Call } from "../rpc/handler.ts";
import { badInput, isRefusal, type Refusal } from "../rpc/refusal.ts";
import type { Service } from "../rpc/server.ts";
import type { HexId } from "../store/entity.ts";
import type { SpanFacts } from "../trace/tracing.ts";
import { unknownTransaction } from "../transaction/happen.ts";
import { transactionMessage } from "../transaction/transaction-message.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { submitStatement } from "./submit-statement.ts";

/** Longer is nothing that a key signs. */
const MOST_BYTES = 1024;

/** Takes what the key signed. */
export function verificationService(given: CoreGiven): Service {
  const implementation: VerificationServiceServer = {
    submitStatement: unary(given, submitAppOrToken, (request, call) => submit(given, request, call)),
    submitAssertion: unary(given, submitAppOrToken, (request, call) => submitAssertion(given, request, call)),
  };
  return { definition: VerificationServiceService, implementation };
}

async function submit(
  given: CoreGiven,
  { transactionId: txId, signedStatement }: VerificationServiceSubmitStatementRequest,
  call: Call,
): Promise<VerificationServiceSubmitStatementResponse | Refusal> {
  if (signedStatement.length === 0 || signedStatement.length > MOST_BYTES) {
    return badInput("signed_statement", `must be 1 to ${MOST_BYTES} bytes`);
  }
  const signed = new Uint8Array(signedStatement);
  if (isAssertion(signed))
    return badInput("signed_statement", "must be a COSE_Sign1; assertions go to SubmitAssertion");
  const transaction = await judged(given, { txId, signed }, call);
  return isRefusal(transaction) ? transaction : VerificationServiceSubmitStatementResponse.create(transaction);
}

async function submitAssertion(
  given: CoreGiven,
  request: VerificationServiceSubmitAssertionRequest,
  call: Call,
): Promise<VerificationServiceSubmitAssertionResponse | Refusal> {
  const bad = checkAssertion(request);
  if (bad !== undefined) return bad;
  const signed = encodeAssertion({
    keyId: fromHex(request.keyId),
    statement: new Uint8Array(request.statement),
    authenticatorData: new Uint8Array(request.authenticatorData),
    clientDataJson: new Uint8Array(request.clientDataJson),
    signature: new Uint8Array(request.signature),
  });
  const transaction = await judged(given, { txId: request.transactionId, signed }, call);
  return isRefusal(transaction) ? transaction : VerificationServiceSubmitAssertionResponse.create(transaction);
}

/** Lengths alone, which say nothing about any key; what the bytes hold is for the rows to judge. */
function checkAssertion(request: VerificationServiceSubmitAssertionRequest): Refusal | undefined {
  if (!/^[0-9a-f]{32}$/.test(request.keyId)) return badInput("key_id", "must be 32 lower-case hexadecimal digits");
  const sizes = [
    ["statement", request.statement, 1, 512],
    ["authenticator_data", request.authenticatorData, 37, 1024],
    ["client_data_json", request.clientDataJson, 1, 2048],
    ["signature", request.signature, 8, 256],
  ] as const;
  const wrong = sizes.find(([, bytes, least, most]) => bytes.length < least || bytes.length > most);
  return wrong && badInput(wrong[0], `must be ${wrong[2]} to ${wrong[3]} bytes`);
}

async function judged(
  given: CoreGiven,
  { txId, signed }: { readonly txId: HexId; readonly signed: Uint8Array },
  { caller }: Call,
): Promise<{ transaction?: TransactionMessage | undefined } | Refusal> {
  // A token opens its own transaction alone; any other reads as unknown.
  if (caller.kind === "confirmation" && caller.txId !== txId) return unknownTransaction;
  const tenantId = caller.kind === "app" ? caller.tenantId : undefined;
  const judge = (): Promise<Transaction | Refusal> => submitStatement(given, { txId, tenantId, signed });
  const confirmed = await (given.trace?.within("verification", {}, judge, verdictFacts) ?? judge());
  if (isRefusal(confirmed)) return confirmed;
  return caller.kind === "app" ? { transaction: transactionMessage(given, confirmed) } : {};
}

/** The exact reason, which the caller may not be told. */
function verdictFacts(confirmed: Transaction | Refusal): SpanFacts {
  return { "countersign.reason": isRefusal(confirmed) ? confirmed.refused : "ACCEPTED" };
}
