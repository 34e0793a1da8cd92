import { checkLength } from "./byte-length.ts";
import { concatBytes, toHex, utf8 } from "./bytes.ts";
import { type CborValue, encodeCbor } from "./det-cbor.ts";
import { ProtocolError } from "./protocol-error.ts";
import { sha256 } from "#platform";

// What the core countersigns, one digest a part, so that a verifier can name the part that was changed:
//   det-CBOR { 1: 1, 2: serverId, 3: txId, 4: state, 5: time, 6: SHA-256(content), 7: SHA-256(signed statement),
//              8: SHA-256(det-CBOR [keyId, public key, attestation]), 9: SHA-256(det-CBOR audit),
//              10: SHA-256(det-CBOR [user, needed, [[user, txId, SHA-256(signed statement), key as in 8], …]])
//                  (absent where the user alone confirmed) }
//   audit = "pending" | { 1: shard, 2: epoch, 3: seq, 4: hash of the entry, 5: signed head (absent if none) }
//                                                            docs/protocol/receipt.md section 3

/** A receipt's states: CONFIRMED and everything after it. */
export const RECEIPT_STATES = ["CONFIRMED", "EXECUTING", "EXECUTED", "EXECUTION_FAILED", "EXECUTION_UNKNOWN"] as const;
/** One of RECEIPT_STATES. */
export type ReceiptState = (typeof RECEIPT_STATES)[number];

/** Where the transaction's last entry stands in the audit chain of its shard. */
export interface AuditPosition {
  readonly shard: number;
  readonly epoch: number;
  readonly seq: number;
  /** SHA-256 of the entry. */
  readonly entry: Uint8Array;
  /** COSE_Sign1 of type AUDIT_HEAD, once one covers the entry. */
  readonly head?: Uint8Array;
}

/** A key that signed, with what vouches for it. */
export interface ReceiptKey {
  readonly keyId: Uint8Array;
  /** COSE_Key. */
  readonly publicKey: Uint8Array;
  /**
   * COSE_Sign1 of the attestation at enrolment, empty for keys that have none; of a FIDO2 key its registration
   * (encodeFidoCredential).
   */
  readonly attestation: Uint8Array;
}

/** One other person's approval: the same content, signed in a transaction of his own. */
export interface ReceiptApproval {
  /** The relying party's own name of him. */
  readonly user: string;
  readonly txId: Uint8Array;
  readonly signedStatement: Uint8Array;
  readonly key: ReceiptKey;
}

/** Where several people confirmed: who asked, how many others it took, and those. */
export interface ReceiptApprovals {
  readonly user: string;
  /** At least 1. */
  readonly needed: number;
  readonly given: readonly ReceiptApproval[];
}

/** Everything that a receipt states, except the core's countersignature. */
export interface Receipt {
  readonly serverId: Uint8Array;
  readonly txId: Uint8Array;
  readonly state: ReceiptState;
  /** When the core wrote this receipt, by its own clock: `2026-11-30T14:31:46Z`. */
  readonly time: string;
  /** Encoded content, as executed. */
  readonly content: Uint8Array;
  /** COSE_Sign1 of the statement that confirmed it, or the assertion over it (encodeAssertion). */
  readonly signedStatement: Uint8Array;
  readonly key: ReceiptKey;
  /** Absent: the user alone confirmed. */
  readonly approvals?: ReceiptApprovals;
  /** `pending` until a signed head covers the entry. */
  readonly audit: AuditPosition | "pending";
}

const RECEIPT = utf8("countersign/receipt/v1\0");

/** The bytes under the countersignature. */
export function receiptClaims(receipt: Receipt): Uint8Array {
  return encodeCbor(new Map(claimsOf(receipt).map(({ value }, i) => [i + 1, value])));
}

/** The members of the countersigned map in order, each with the part of the file that it stands for. */
export function claimsOf(receipt: Receipt): { readonly part: ReceiptPart; readonly value: CborValue }[] {
  const { keyId, publicKey, attestation } = receipt.key;
  return [
    { part: "format", value: 1 },
    { part: "serverId", value: receipt.serverId },
    { part: "txId", value: receipt.txId },
    { part: "state", value: receipt.state },
    { part: "time", value: receipt.time },
    { part: "content", value: sha256(receipt.content) },
    { part: "signedStatement", value: sha256(receipt.signedStatement) },
    { part: "key", value: sha256(encodeCbor([keyId, publicKey, attestation])) },
    { part: "audit", value: sha256(encodeCbor(auditValue(receipt.audit))) },
    ...(receipt.approvals === undefined
      ? []
      : [{ part: "approvals", value: sha256(encodeCbor(approvalsValue(receipt.approvals))) } as const]),
  ];
}

/** Parts of a receipt, as a verifier names them. */
export type ReceiptPart =
  | "format"
  | "serverId"
  | "txId"
  | "state"
  | "time"
  | "content"
  | "signedStatement"
  | "key"
  | "approvals"
  | "audit"
  | "core";

/** A short name for people and file names, such as `7F3A-91C2`: the same for every receipt of one transaction. */
export function receiptNumberOf(txId: Uint8Array, txDigest: Uint8Array): string {
  checkLength(txId, 16, "txId");
  checkLength(txDigest, 32, "txDigest");
  const hex = toHex(sha256(concatBytes(RECEIPT, txId, txDigest))).toUpperCase();
  return `${hex.slice(0, 4)}-${hex.slice(4, 8)}`;
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

/** Throws `bad-field` unless the time is UTC in whole seconds, such as `2026-11-30T14:31:46Z`. */
export function checkTime(time: string): void {
  const parsed = TIME.test(time) ? Date.parse(time) : Number.NaN;
  if (!Number.isNaN(parsed) && new Date(parsed).toISOString() === `${time.slice(0, -1)}.000Z`) return;
  throw new ProtocolError("bad-field", "expected UTC in whole seconds, such as 2026-11-30T14:31:46Z", {
    field: "time",
  });
}

function approvalsValue({ user, needed, given }: ReceiptApprovals): CborValue {
  const rows = given.map(({ user: approver, txId, signedStatement, key }): CborValue => {
    const { keyId, publicKey, attestation } = key;
    return [approver, txId, sha256(signedStatement), sha256(encodeCbor([keyId, publicKey, attestation]))];
  });
  return [user, needed, rows];
}

function auditValue(audit: AuditPosition | "pending"): CborValue {
  if (audit === "pending") return audit;
  const map = new Map<number, CborValue>([
    [1, audit.shard],
    [2, audit.epoch],
    [3, audit.seq],
    [4, audit.entry],
  ]);
  if (audit.head !== undefined) map.set(5, audit.head);
  return map;
}
