import { ClaimedContent } from "@countersign/proto/node/core/v1/execution_service";
import { fieldMessage } from "../transaction/transaction-message.ts";
import type { Transaction } from "../transaction/transaction.ts";

/** What an executor executes from: the content as the core froze it and as the key signed it. */
export function claimedContent(of: Transaction): ClaimedContent {
  return ClaimedContent.create({
    transactionId: of.txId,
    userId: of.userId,
    kind: of.kind,
    fields: of.fields.map(fieldMessage),
    content: Buffer.from(of.content),
    txDigest: Buffer.from(of.txDigest),
  });
}
