import { equalBytes } from "./bytes.ts";
import { type Content, decodeContent } from "./content.ts";
import { importPublicKey } from "./cose-key.ts";
import { parseSigned, SignatureType, verifySigned } from "./cose.ts";
import { CborMap } from "./cbor-map.ts";
import { ProtocolError } from "./protocol-error.ts";
import { claimsOf, type Receipt, type ReceiptPart } from "./receipt.ts";
import { readReceiptFile, type ReceiptFile } from "./receipt-file.ts";
import { type Approver, checkApprovals, checkApproves } from "./receipt-approvals.ts";
import { ReceiptFailure, type ReceiptProof, within } from "./receipt-proof.ts";
import type { Statement } from "./statement.ts";

/** What the verifier knew beforehand: pinned at set-up, never taken from the receipt or its connection. */
export interface PinnedCore {
  readonly serverId: Uint8Array;
  /** COSE_Key bytes of the core's receipt keys, current and former. */
  readonly publicKeys: readonly Uint8Array[];
}

/** A receipt that holds, with what it says; or the part that fails and why, for a person. */
export type ReceiptFinding =
  | {
      readonly ok: true;
      readonly receipt: Receipt;
      readonly content: Content;
      readonly statement: Statement;
      /** How the key signed it: an assertion is weaker. */
      readonly proof: ReceiptProof;
      /** Who confirmed beside the user; empty: nobody had to. */
      readonly approvers: readonly Approver[];
    }
  | { readonly ok: false; readonly part: ReceiptPart; readonly why: string };

/**
 * Checks a receipt file offline (docs/protocol/receipt.md section 4): its form, the core's countersignature under a
 * pinned key, every part against it, and that the key signed an approval of this very content. Never throws for bad
 * input. The attestation is checked for form alone: who made the key is the policy of whoever enrolled it.
 */
export function verifyReceipt(json: Uint8Array, pinned: PinnedCore): ReceiptFinding {
  try {
    const file = read(json);
    checkCore(file, pinned);
    const content = within("content", () => decodeContent(file.receipt.content));
    const { statement, proof } = checkApproves(file.receipt, file.receipt.txId, file.receipt);
    const approvers = checkApprovals(file.receipt);
    checkHead(file.receipt, pinned);
    return { ok: true, receipt: file.receipt, content, statement, proof, approvers };
  } catch (error) {
    if (error instanceof ReceiptFailure) return { ok: false, part: error.part, why: error.message };
    throw error;
  }
}

function read(json: Uint8Array): ReceiptFile {
  try {
    return readReceiptFile(json);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const part = MEMBERS.find((one) => one === error.field?.split(".")[0]) ?? "format";
    throw new ReceiptFailure(part, error.message);
  }
}

const MEMBERS: readonly ReceiptPart[] = [
  "serverId",
  "txId",
  "state",
  "time",
  "content",
  "signedStatement",
  "key",
  "approvals",
  "audit",
  "core",
];

function checkCore({ receipt, coreKeyId, countersignature }: ReceiptFile, pinned: PinnedCore): void {
  if (!equalBytes(receipt.serverId, pinned.serverId)) throw new ReceiptFailure("serverId", "of another installation");
  const signed = within("core", () => parseSigned(countersignature));
  if (!equalBytes(signed.keyId, coreKeyId)) throw new ReceiptFailure("core", "the countersignature names another key");
  const holds = pinned.publicKeys.some((key) => verifySigned(signed, SignatureType.RECEIPT, importPublicKey(key)));
  if (!holds) throw new ReceiptFailure("core", "no pinned key of the core made this countersignature");
  const claims = within("core", () => new CborMap("receipt", signed.payload));
  // The names of people are the one text of a file that no check has read so far: what is no Unicode cannot be encoded.
  for (const [i, { part, value }] of within("approvals", () => claimsOf(receipt)).entries()) {
    const claimed = claims.take(i + 1);
    const agrees =
      value instanceof Uint8Array && claimed instanceof Uint8Array ? equalBytes(value, claimed) : value === claimed;
    if (!agrees) throw new ReceiptFailure(part, "differs from what the core countersigned");
  }
  within("core", () => claims.end());
}

function checkHead({ audit }: Receipt, pinned: PinnedCore): void {
  if (audit === "pending" || audit.head === undefined) return;
  const head = audit.head;
  const signed = within("audit", () => parseSigned(head));
  const holds = pinned.publicKeys.some((key) => verifySigned(signed, SignatureType.AUDIT_HEAD, importPublicKey(key)));
  if (!holds) throw new ReceiptFailure("audit", "no pinned key of the core signed this audit head");
}
