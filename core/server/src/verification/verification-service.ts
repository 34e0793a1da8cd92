import {
  VerificationServiceService,
  VerificationServiceSubmitStatementResponse,
  type VerificationServiceServer,
  type VerificationServiceSubmitStatementRequest,
} from "@countersign/proto/node/core/v1/verification_service";
import type { CoreGiven } from "../given.ts";
import { submitAppOrToken, unary, type Call } from "../rpc/handler.ts";
import { badInput, isRefusal, type Refusal } from "../rpc/refusal.ts";
import type { Service } from "../rpc/server.ts";
import { unknownTransaction } from "../transaction/happen.ts";
import { transactionMessage } from "../transaction/transaction-message.ts";
import { submitStatement } from "./submit-statement.ts";

/** Longer is nothing that a key signs. */
const MOST_BYTES = 1024;

/** Takes what the key signed. */
export function verificationService(given: CoreGiven): Service {
  const implementation: VerificationServiceServer = {
    submitStatement: unary(given, submitAppOrToken, (request, call) => submit(given, request, call)),
    submitAssertion: unary(given, submitAppOrToken, async (): Promise<never> => {
      throw new Error("not yet");
    }),
  };
  return { definition: VerificationServiceService, implementation };
}

async function submit(
  given: CoreGiven,
  { transactionId: txId, signedStatement }: VerificationServiceSubmitStatementRequest,
  { caller }: Call,
): Promise<VerificationServiceSubmitStatementResponse | Refusal> {
  if (signedStatement.length === 0 || signedStatement.length > MOST_BYTES) {
    return badInput("signed_statement", `must be 1 to ${MOST_BYTES} bytes`);
  }
  // A token opens its own transaction alone; any other reads as unknown.
  if (caller.kind === "confirmation" && caller.txId !== txId) return unknownTransaction;
  const tenantId = caller.kind === "app" ? caller.tenantId : undefined;
  const confirmed = await submitStatement(given, { txId, tenantId, signed: new Uint8Array(signedStatement) });
  if (isRefusal(confirmed)) return confirmed;
  const transaction = caller.kind === "app" ? transactionMessage(given, confirmed) : undefined;
  return VerificationServiceSubmitStatementResponse.create({ transaction });
}
