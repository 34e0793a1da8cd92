import { randomUUID } from "node:crypto";
import { Kind, Label } from "@countersign/proto/node/core/v1/content";
import type { Transaction, TransactionServiceCreateRequest } from "@countersign/proto/node/core/v1/transaction_service";
import { answered } from "./answered.ts";
import type { Parts } from "./parts.ts";

const text = (label: Label, value: string) => ({ label, value: { $case: "text" as const, value } });

/** What nobody asked for before. */
function flowers(): TransactionServiceCreateRequest["fields"] {
  const iban = { id: { $case: "iban" as const, value: "DE02120300000000202051" } };
  return [
    { label: Label.AMOUNT, value: { $case: "amount", value: { currency: "EUR", minorUnits: "4200" } } },
    text(Label.TO, "Blumen Krause"),
    { label: Label.ACCOUNT, value: { $case: "account", value: iban } },
    text(Label.REFERENCE, `Flowers ${randomUUID()}`),
  ];
}

/** Creates a payment as an app does, with nothing between it and the core. */
export async function newPayment(
  parts: Parts,
  userId: string,
  more: Partial<TransactionServiceCreateRequest> = {},
): Promise<Transaction> {
  return (await newPaymentWithToken(parts, userId, more)).transaction;
}

/** The same, and an answer although the core may die meanwhile. */
export async function paymentOverDeaths(parts: Parts, userId: string): Promise<Transaction> {
  const same = { requestId: randomUUID(), fields: flowers() };
  return await answered(() => newPayment(parts, userId, same));
}

/** The same, with the token that lets a client watch it. */
export async function newPaymentWithToken(
  { transactions }: Parts,
  userId: string,
  more: Partial<TransactionServiceCreateRequest> = {},
): Promise<{ readonly transaction: Transaction; readonly confirmationToken: string }> {
  const { transaction, confirmationToken } = await transactions.create({
    requestId: randomUUID(),
    userId,
    kind: Kind.PAY,
    fields: flowers(),
    payloadSha256: Buffer.alloc(0),
    keyIds: [],
    lifetime: undefined,
    modeHint: 0,
    contentVersions: [],
    assuranceHint: 0,
    repeatOf: "",
    ...more,
  });
  if (transaction === undefined) throw new Error("the core answered without a transaction");
  return { transaction, confirmationToken };
}
