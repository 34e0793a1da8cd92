// One transaction from its creation to its end, by one of the ways that there are.
import { type Field, Kind, Label, RejectReason } from "@countersign/proto/node/core/v1/content";
import {
  ExecutionOutcome,
  ExecutionServiceClaimRequest,
  ExecutionServiceReportRequest,
  ExecutionServiceService,
} from "@countersign/proto/node/core/v1/execution_service";
import {
  type Transaction,
  TransactionServiceCreateRequest,
  TransactionServiceService,
} from "@countersign/proto/node/core/v1/transaction_service";
import { VerificationServiceService } from "@countersign/proto/node/core/v1/verification_service";
import type { BenchBot } from "../bench-harness/bench-bot.ts";
import type { BenchUser } from "../bench-harness/bench-user.ts";
import type { Wire } from "../bench-harness/wire.ts";
import { retried, type Retries } from "./retried.ts";

/** How a life goes: the payment is made, or ended before by the app or for the user. */
export const ENDS = ["EXECUTED", "CANCELLED", "REJECTED"] as const;
export type End = (typeof ENDS)[number];

export interface Parties {
  /** With tokens of the scopes submit and execute. */
  readonly app: Wire;
  readonly till: Wire;
  readonly bot: BenchBot;
  readonly retries: Retries;
}

export interface Lived {
  readonly transactionId: string;
  /** Milliseconds of Create and of SubmitStatement; undefined for the second where it was not called. */
  readonly createMs: number;
  readonly submitMs: number | undefined;
}

/** Every tenth is cancelled, every tenth vetoed. */
export function endOf(n: number): End {
  if (n % 10 === 3) return "CANCELLED";
  return n % 10 === 7 ? "REJECTED" : "EXECUTED";
}

/** Lives the nth life for this user. `execute` is the effect itself, called between Begin and Report. */
export async function live(
  { app, till, bot, retries }: Parties,
  user: BenchUser,
  n: number,
  execute: (transactionId: string) => void,
): Promise<Lived> {
  const asked = performance.now();
  const request = requestOf(user.userId, n);
  const { transaction } = await retried(retries, () => app.call(TransactionServiceService.create, request));
  const createMs = performance.now() - asked;
  user.prompts.push(Date.now());
  if (transaction === undefined) throw new Error("Create answered without a transaction");
  const { transactionId } = transaction;
  const code = await bot.codeFor(user.peerId, transaction.tag);
  switch (endOf(n)) {
    case "CANCELLED":
      await retried(retries, () => app.call(TransactionServiceService.cancel, { transactionId, reason: "" }));
      return { transactionId, createMs, submitMs: undefined };
    case "REJECTED":
      await retried(retries, () =>
        app.call(TransactionServiceService.veto, { transactionId, reason: RejectReason.CHANGED_MY_MIND }),
      );
      return { transactionId, createMs, submitMs: undefined };
    case "EXECUTED": {
      const signedStatement = Buffer.from(user.key.approve(transaction, code));
      const submitted = performance.now();
      const statement = { transactionId, signedStatement };
      await retried(retries, () => app.call(VerificationServiceService.submitStatement, statement));
      const submitMs = performance.now() - submitted;
      await carryOut(till, retries, transaction, execute);
      return { transactionId, createMs, submitMs };
    }
  }
}

async function carryOut(
  till: Wire,
  retries: Retries,
  { transactionId, txDigest }: Transaction,
  execute: (transactionId: string) => void,
): Promise<void> {
  const claim = ExecutionServiceClaimRequest.create({
    ...{ transactionId, claimId: `claim-${transactionId}`, txDigest },
    lease: { seconds: 60n, nanos: 0 },
  });
  const { lease } = await retried(retries, () => till.call(ExecutionServiceService.claim, claim));
  if (lease === undefined) throw new Error("Claim answered without a lease");
  const { fence } = lease;
  await retried(retries, () => till.call(ExecutionServiceService.begin, { transactionId, fence }));
  execute(transactionId);
  const report = { transactionId, fence, outcome: ExecutionOutcome.EXECUTED, detail: "" };
  await retried(retries, () => till.call(ExecutionServiceService.report, ExecutionServiceReportRequest.create(report)));
}

function requestOf(userId: string, n: number): TransactionServiceCreateRequest {
  const fields: Field[] = [
    { label: Label.AMOUNT, value: { $case: "amount", value: { currency: "EUR", minorUnits: String(100_000 + n) } } },
    { label: Label.TO, value: { $case: "text", value: "Müller GmbH" } },
    {
      label: Label.ACCOUNT,
      value: { $case: "account", value: { id: { $case: "iban", value: "DE89370400440532013000" } } },
    },
  ];
  return TransactionServiceCreateRequest.create({ requestId: `soak-${n}`, userId, kind: Kind.PAY, fields });
}
