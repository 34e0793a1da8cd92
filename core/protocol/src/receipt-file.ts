import { fromBase64url, toBase64url } from "./base64url.ts";
import { checkLength } from "./byte-length.ts";
import { equalBytes, fromHex, toHex, utf8 } from "./bytes.ts";
import { ProtocolError } from "./protocol-error.ts";
import {
  type AuditPosition,
  checkTime,
  type Receipt,
  type ReceiptApproval,
  type ReceiptApprovals,
  type ReceiptKey,
  RECEIPT_STATES,
} from "./receipt.ts";

// One JSON file, ASCII, members in this order, indented by two spaces, a newline at the end, nothing else: a file that
// says the same in other bytes is refused, so every flipped bit shows (docs/protocol/receipt.md section 2).

/** First member of every receipt. */
export const RECEIPT_FORMAT = "countersign-receipt/1";
/** Bytes of a receipt file. */
export const MAX_RECEIPT = 65_536;

/** A receipt with its countersignature, as the file holds them. */
export interface ReceiptFile {
  readonly receipt: Receipt;
  readonly coreKeyId: Uint8Array;
  readonly countersignature: Uint8Array;
}

/** The one file of a receipt. */
export function writeReceiptFile({ receipt, coreKeyId, countersignature }: ReceiptFile): Uint8Array {
  const { key, approvals, audit } = receipt;
  const file = {
    format: RECEIPT_FORMAT,
    serverId: toHex(receipt.serverId),
    txId: toHex(receipt.txId),
    state: receipt.state,
    time: receipt.time,
    content: toBase64url(receipt.content),
    signedStatement: toBase64url(receipt.signedStatement),
    key: writeKey(key),
    ...(approvals === undefined ? {} : { approvals: writeApprovals(approvals) }),
    audit: audit === "pending" ? audit : writeAudit(audit),
    core: { keyId: toHex(coreKeyId), countersignature: toBase64url(countersignature) },
  };
  return utf8(`${JSON.stringify(file, null, 2)}\n`);
}

/** Reads a receipt file from anybody; throws ProtocolError naming the member. Nothing in it is verified yet. */
export function readReceiptFile(bytes: Uint8Array): ReceiptFile {
  if (bytes.length > MAX_RECEIPT) throw new ProtocolError("too-long", `more than ${MAX_RECEIPT} bytes`);
  const file = new Members("", parse(bytes));
  if (file.text("format") !== RECEIPT_FORMAT) file.refuse("format", `expected ${RECEIPT_FORMAT}`);
  const core = file.members("core");
  const state = RECEIPT_STATES.find((one) => one === file.text("state"));
  const receipt: Receipt = {
    serverId: file.id("serverId"),
    txId: file.id("txId"),
    state: state ?? file.refuse("state", `expected one of ${RECEIPT_STATES.join(", ")}`),
    time: file.text("time"),
    content: file.bytes("content"),
    signedStatement: file.bytes("signedStatement"),
    key: readKey(file.members("key")),
    ...(file.is("approvals", undefined) ? {} : { approvals: readApprovals(file.members("approvals")) }),
    audit: file.is("audit", "pending") ? "pending" : readAudit(file.members("audit")),
  };
  checkTime(receipt.time);
  const read = { receipt, coreKeyId: core.id("keyId"), countersignature: core.bytes("countersignature") };
  if (!equalBytes(writeReceiptFile(read), bytes)) {
    throw new ProtocolError("not-canonical", "members, order or spaces differ from those of a receipt");
  }
  return read;
}

function writeKey({ keyId, publicKey, attestation }: ReceiptKey): object {
  return { keyId: toHex(keyId), publicKey: toBase64url(publicKey), attestation: toBase64url(attestation) };
}

function readKey(key: Members): ReceiptKey {
  return { keyId: key.id("keyId"), publicKey: key.bytes("publicKey"), attestation: key.bytes("attestation") };
}

function writeApprovals({ user, needed, given }: ReceiptApprovals): object {
  const rows = given.map((one) => ({
    user: one.user,
    txId: toHex(one.txId),
    signedStatement: toBase64url(one.signedStatement),
    key: writeKey(one.key),
  }));
  return { user, needed, given: rows };
}

function readApprovals(approvals: Members): ReceiptApprovals {
  const given = approvals.list("given").map((one): ReceiptApproval => {
    const user = one.text("user");
    const signedStatement = one.bytes("signedStatement");
    return { user, txId: one.id("txId"), signedStatement, key: readKey(one.members("key")) };
  });
  return { user: approvals.text("user"), needed: approvals.number("needed"), given };
}

function writeAudit(audit: AuditPosition): object {
  return {
    shard: audit.shard,
    epoch: audit.epoch,
    seq: audit.seq,
    entry: toHex(audit.entry),
    ...(audit.head === undefined ? {} : { head: toBase64url(audit.head) }),
  };
}

function readAudit(audit: Members): AuditPosition {
  const entry = audit.hex("entry", 32);
  const position = { shard: audit.number("shard"), epoch: audit.number("epoch"), seq: audit.number("seq"), entry };
  return audit.is("head", undefined) ? position : { ...position, head: audit.bytes("head") };
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw new ProtocolError("not-canonical", "not a JSON file");
  }
}

/** The members of a JSON object that somebody sent. */
class Members {
  readonly #path: string;
  readonly #members: ReadonlyMap<string, unknown>;

  constructor(path: string, value: unknown) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new ProtocolError("bad-field", "expected an object", { field: path === "" ? "receipt" : path });
    }
    this.#path = path;
    this.#members = new Map(Object.entries(value));
  }

  is(name: string, value: string | undefined): boolean {
    return this.#members.get(name) === value;
  }

  text(name: string): string {
    const value = this.#members.get(name);
    return typeof value === "string" ? value : this.refuse(name, "expected a string");
  }

  number(name: string): number {
    const value = this.#members.get(name);
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    return this.refuse(name, "expected an integer from 0");
  }

  members(name: string): Members {
    return new Members(this.#at(name), this.#members.get(name));
  }

  list(name: string): Members[] {
    const value = this.#members.get(name);
    if (!Array.isArray(value)) return this.refuse(name, "expected a list");
    return value.map((one, i) => new Members(`${this.#at(name)}[${i}]`, one));
  }

  id(name: string): Uint8Array {
    return this.hex(name, 16);
  }

  hex(name: string, length: number): Uint8Array {
    const text = this.text(name);
    try {
      const bytes = fromHex(text);
      checkLength(bytes, length, this.#at(name));
      return bytes;
    } catch {
      return this.refuse(name, `expected ${2 * length} lower-case hexadecimal digits`);
    }
  }

  bytes(name: string): Uint8Array {
    const text = this.text(name);
    try {
      return fromBase64url(text);
    } catch {
      return this.refuse(name, "expected base64url without padding");
    }
  }

  refuse(name: string, why: string): never {
    throw new ProtocolError("bad-field", why, { field: this.#at(name) });
  }

  #at(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }
}
