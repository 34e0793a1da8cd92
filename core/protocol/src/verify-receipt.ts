import { equalBytes } from "./bytes.ts";
import { type Content, decodeContent, txDigestOf } from "./content.ts";
import { importPublicKey } from "./cose-key.ts";
import { parseSigned, SignatureType, type SignedMessage, verifySigned } from "./cose.ts";
import { CborMap } from "./cbor-map.ts";
import { ProtocolError } from "./protocol-error.ts";
import { claimsOf, type Receipt, type ReceiptPart } from "./receipt.ts";
import { readReceiptFile, type ReceiptFile } from "./receipt-file.ts";
import { Decision, decodeStatement, type Statement } from "./statement.ts";

/** What the verifier knew beforehand: pinned at set-up, never taken from the receipt or its connection. */
export interface PinnedCore {
  readonly serverId: Uint8Array;
  /** COSE_Key bytes of the core's receipt keys, current and former. */
  readonly publicKeys: readonly Uint8Array[];
}

/** A receipt that holds, with what it says; or the part that fails and why, for a person. */
export type ReceiptFinding =
  | { readonly ok: true; readonly receipt: Receipt; readonly content: Content; readonly statement: Statement }
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
    const statement = checkStatement(file.receipt);
    checkAttestation(file.receipt);
    checkHead(file.receipt, pinned);
    return { ok: true, receipt: file.receipt, content, statement };
  } catch (error) {
    if (error instanceof Failure) return { ok: false, part: error.part, why: error.message };
    throw error;
  }
}

class Failure extends Error {
  readonly part: ReceiptPart;
  constructor(part: ReceiptPart, why: string) {
    super(why);
    this.part = part;
  }
}

/** Runs a decoder; its refusal is a failure of this part. */
function within<Result>(part: ReceiptPart, decode: () => Result): Result {
  try {
    return decode();
  } catch (error) {
    if (error instanceof ProtocolError) throw new Failure(part, error.message);
    throw error;
  }
}

function read(json: Uint8Array): ReceiptFile {
  try {
    return readReceiptFile(json);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const part = MEMBERS.find((one) => one === error.field?.split(".")[0]) ?? "format";
    throw new Failure(part, error.message);
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
  "audit",
  "core",
];

function checkCore({ receipt, coreKeyId, countersignature }: ReceiptFile, pinned: PinnedCore): void {
  if (!equalBytes(receipt.serverId, pinned.serverId)) throw new Failure("serverId", "of another installation");
  const signed = within("core", () => parseSigned(countersignature));
  if (!equalBytes(signed.keyId, coreKeyId)) throw new Failure("core", "the countersignature names another key");
  const holds = pinned.publicKeys.some((key) => verifySigned(signed, SignatureType.RECEIPT, importPublicKey(key)));
  if (!holds) throw new Failure("core", "no pinned key of the core made this countersignature");
  const claims = within("core", () => new CborMap("receipt", signed.payload));
  for (const [i, { part, value }] of claimsOf(receipt).entries()) {
    const claimed = claims.take(i + 1);
    const agrees =
      value instanceof Uint8Array && claimed instanceof Uint8Array ? equalBytes(value, claimed) : value === claimed;
    if (!agrees) throw new Failure(part, "differs from what the core countersigned");
  }
  within("core", () => claims.end());
}

function checkStatement({ key, signedStatement, serverId, txId, content }: Receipt): Statement {
  const part = "signedStatement";
  const signed = within(part, () => parseSigned(signedStatement));
  const publicKey = within("key", () => importPublicKey(key.publicKey));
  if (!equalBytes(signed.keyId, key.keyId)) throw new Failure(part, "signed by another key than the receipt names");
  if (!verifySigned(signed, SignatureType.STATEMENT, publicKey)) throw new Failure(part, "the signature does not hold");
  const statement = within(part, () => decodeStatement(signed.payload));
  if (statement.decision !== Decision.APPROVE) throw new Failure(part, "the user rejected");
  if (!equalBytes(statement.serverId, serverId)) throw new Failure(part, "for another installation");
  if (!equalBytes(statement.txId, txId)) throw new Failure(part, "for another transaction");
  if (!equalBytes(statement.txDigest, txDigestOf(content))) throw new Failure(part, "over other content");
  return statement;
}

function checkAttestation({ key }: Receipt): void {
  if (key.attestation.length === 0) return;
  const signed: SignedMessage = within("key", () => parseSigned(key.attestation));
  if (signed.type !== SignatureType.ATTESTATION) throw new Failure("key", "the attestation is of another type");
}

function checkHead({ audit }: Receipt, pinned: PinnedCore): void {
  if (audit === "pending" || audit.head === undefined) return;
  const head = audit.head;
  const signed = within("audit", () => parseSigned(head));
  const holds = pinned.publicKeys.some((key) => verifySigned(signed, SignatureType.AUDIT_HEAD, importPublicKey(key)));
  if (!holds) throw new Failure("audit", "no pinned key of the core signed this audit head");
}
