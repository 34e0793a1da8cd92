// Transactions as they travel. No code, no token.
import {
  decodeContent,
  type Account as CoreAccount,
  type Field as CoreField,
  type FieldValue,
  type Line,
} from "@countersign/protocol";
import {
  Account,
  Field,
  Mode,
  RejectReason,
  State,
  type Line as LineMessage,
} from "@countersign/proto/node/core/v1/content";
import { Transaction as TransactionMessage } from "@countersign/proto/node/core/v1/transaction_service";
import type { CoreGiven } from "../given.ts";
import { timestampOf } from "../delivery/timestamp.ts";
import { approversOf, neededOf } from "./approving.ts";
import { fidoRequestOf, keyIdsOf, loadSigners, type Signers } from "./signers.ts";
import type { Transaction } from "./transaction.ts";

export const MODE: Readonly<Record<Transaction["mode"], Mode>> = { A: Mode.A, B: Mode.B, C: Mode.C };

/** As apps see it, with the keys that may sign it now. */
export async function tellTransaction(given: CoreGiven, of: Transaction): Promise<TransactionMessage> {
  return transactionMessage(given, of, await loadSigners(given, of));
}

/**
 * As apps see it. Of a veto that came too late, `reject_reason` tells while `state` is not REJECTED. Without `signers` the
 * keys are those of Create, and what FIDO2 keys are asked by is left out.
 */
export function transactionMessage(given: CoreGiven, of: Transaction, signers?: Signers): TransactionMessage {
  const content = decodeContent(of.content);
  return TransactionMessage.create({
    transactionId: of.txId,
    serverId: given.serverId,
    nonce: Buffer.from(of.nonce),
    userId: of.userId,
    kind: of.kind,
    contentVersion: content.version,
    issuerName: content.issuer,
    lines: lineMessages(content.lines),
    txDigest: Buffer.from(of.txDigest),
    tag: of.tag,
    mode: MODE[of.mode],
    state: State[of.state],
    reason: of.lastRefusal ?? "",
    rejectReason: ("rejectReason" in of ? of.rejectReason : undefined) ?? of.lateVeto ?? RejectReason.UNSPECIFIED,
    rejectedOnKey: "rejectedOnKey" in of && of.rejectedOnKey,
    triesLeft: of.triesLeft,
    createdAt: timestampOf(of.createdAt),
    expiresAt: timestampOf(of.expiresAt),
    claimBy: "claimBy" in of ? timestampOf(of.claimBy) : undefined,
    keyIds: signers === undefined ? [...of.keyIds] : keyIdsOf(signers),
    fido: signers && fidoRequestOf(signers),
    outcomeDetail: "detail" in of ? of.detail : "",
    version: BigInt(of.version),
    ...approvalPart(of),
  });
}

/** What several people confirm, and what is an approval of it. */
function approvalPart(of: Transaction): Partial<TransactionMessage> {
  const rule = of.policy.approval;
  return {
    parentId: of.approves?.txId ?? "",
    requestedBy: of.approves?.userId ?? "",
    approvalsNeeded: rule === undefined ? 0 : neededOf(rule),
    approvers: [...approversOf(of)],
    approvals: (of.approvals ?? []).map(({ userId, txId, keyId, at }) => ({
      ...{ userId, transactionId: txId, keyId },
      approvedAt: timestampOf(at),
    })),
    ...(of.state === "PARTIAL" ? { approveBy: timestampOf(of.until) } : {}),
  };
}

export function lineMessages(lines: readonly Line[]): LineMessage[] {
  return lines.map(({ label, value }) => ({ label, value }));
}

export function fieldMessage({ label, value }: CoreField): Field {
  return Field.create({ label, value: valueMessage(value) });
}

function valueMessage(value: FieldValue): Field["value"] {
  switch (value.type) {
    case "text":
      return { $case: "text", value: value.text };
    case "amount":
      return { $case: "amount", value: amountMessage(value.amount) };
    case "account":
      return { $case: "account", value: accountMessage(value.account) };
    case "payment": {
      const amount = amountMessage(value.amount);
      return { $case: "payment", value: { amount, account: accountMessage(value.account), payee: value.payee } };
    }
    case "date":
      return { $case: "date", value: value.date };
    case "count":
      return { $case: "count", value: value.count };
    case "digest":
      return { $case: "digest", value: Buffer.from(value.digest) };
  }
}

function amountMessage({ currency, minorUnits }: { currency: string; minorUnits: bigint }): {
  currency: string;
  minorUnits: string;
} {
  return { currency, minorUnits: String(minorUnits) };
}

function accountMessage(account: CoreAccount): Account {
  if ("iban" in account) return Account.create({ id: { $case: "iban", value: account.iban } });
  if ("other" in account) return Account.create({ id: { $case: "other", value: account.other } });
  return Account.create({ id: { $case: "notGiven", value: true } });
}
