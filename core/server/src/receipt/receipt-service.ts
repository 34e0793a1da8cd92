import {
  buildReceipt,
  decodeEnrolment,
  fromHex,
  parseSigned,
  type Receipt,
  type ReceiptApprovals,
  type ReceiptKey,
} from "@countersign/protocol";
import {
  ReceiptServiceGetResponse,
  ReceiptServiceGetVerificationKeysResponse,
  ReceiptServiceService,
  type ReceiptServiceServer,
} from "@countersign/proto/node/core/v1/receipt_service";
import type { CoreGiven } from "../given.ts";
import { keyKey } from "../identity/entity-key.ts";
import type { Key } from "../identity/key.ts";
import { anyAppOrToken, unary } from "../rpc/handler.ts";
import { isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import type { Service } from "../rpc/server.ts";
import { shardOfTransaction } from "../store/entity.ts";
import { neededOf } from "../transaction/approving.ts";
import { ownTransaction } from "../transaction/own-transaction.ts";
import type { Transaction } from "../transaction/transaction.ts";

/** Proof that outlives the core. */
export function receiptService(given: CoreGiven): Service {
  const implementation: ReceiptServiceServer = {
    get: unary(given, anyAppOrToken, async ({ transactionId }, { caller }) => {
      const found = await ownTransaction(given, caller, transactionId);
      if (isRefusal(found)) return found;
      const receipt = await receiptOf(given, found);
      return isRefusal(receipt) ? receipt : ReceiptServiceGetResponse.create({ receipt: Buffer.from(receipt) });
    }),
    getVerificationKeys: unary(given, anyAppOrToken, async () =>
      ReceiptServiceGetVerificationKeysResponse.create({
        serverId: given.serverId,
        publicKeys: [Buffer.from(given.secrets.publicKey)],
      }),
    ),
  };
  return { definition: ReceiptServiceService, implementation };
}

/** The receipt of a transaction that is CONFIRMED or later, countersigned now. */
export async function receiptOf(given: CoreGiven, of: Transaction): Promise<Uint8Array | Refusal> {
  if (of.approves !== undefined) {
    return refuse("STATE_CONFLICT", `It is an approval: the receipt is that of ${of.approves.txId}.`);
  }
  if (!("confirmation" in of) || of.state === "PARTIAL" || of.state === "APPROVED") {
    return refuse("STATE_CONFLICT", `The transaction is ${of.state}: there is a receipt once the user confirmed it.`);
  }
  const { keyId, signedStatement } = of.confirmation;
  const { entities, now } = await given.store.load(shardOfTransaction(of.txId), keyKey(of.tenantId, keyId));
  const key = entities[0].body;
  if (key === undefined) throw new Error(`key ${keyId} confirmed ${of.txId} and is never deleted`);
  const approvals = await approvalsOf(given, of);
  const receipt: Receipt = {
    serverId: fromHex(given.serverId),
    txId: fromHex(of.txId),
    state: of.state,
    time: `${new Date(now).toISOString().slice(0, 19)}Z`,
    content: of.content,
    signedStatement,
    key: receiptKey(key),
    ...(approvals === undefined ? {} : { approvals }),
    // Until the audit chain's head over it is signed.
    audit: "pending",
  };
  const { signKeyId, sign } = given.secrets;
  return buildReceipt(receipt, signKeyId, sign);
}

/** The other people who had to confirm, each with what his key signed; its keys are in their own shards. */
async function approvalsOf(given: CoreGiven, of: Transaction): Promise<ReceiptApprovals | undefined> {
  const rule = of.policy.approval;
  if (rule === undefined) return undefined;
  const rows = (of.approvals ?? []).map(async ({ userId: user, txId, keyId, signedStatement }) => {
    const { entities } = await given.store.load(shardOfTransaction(txId), keyKey(of.tenantId, keyId));
    const key = entities[0].body;
    if (key === undefined) throw new Error(`key ${keyId} approved ${of.txId} and is never deleted`);
    return { user, txId: fromHex(txId), signedStatement, key: receiptKey(key) };
  });
  return { user: of.userId, needed: neededOf(rule), given: await Promise.all(rows) };
}

function receiptKey(key: Key): ReceiptKey {
  return { keyId: fromHex(key.keyId), publicKey: key.publicKey, attestation: attestationOf(key) };
}

/** As the key brought it along at its enrolment, which was verified then; of a FIDO2 key the whole registration. */
function attestationOf(key: Key): Uint8Array {
  if (key.fido !== undefined) return key.enrolment;
  if (key.enrolment.length === 0) return new Uint8Array(0);
  return decodeEnrolment(parseSigned(key.enrolment).payload).attestation;
}
