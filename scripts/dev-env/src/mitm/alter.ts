// What the malware wants: the money of the first payment, a login at its own host, a version of its own making, whatever
// the user meant.
import {
  decodeContent,
  encodeContent,
  Label,
  renderFields,
  tagOf,
  txDigestOf,
  fromHex,
  type Field as TypedField,
  type Line,
} from "@countersign/protocol";
import type { Field, Kind } from "@countersign/proto/node/core/v1/content";
import type { Transaction, TransactionServiceCreateRequest } from "@countersign/proto/node/core/v1/transaction_service";
import { fieldsOf } from "./typed-fields.ts";

const MALLORY = { payee: "Mallory Ltd", iban: "GB33BUKB20201555555555", shown: "GB33 BUKB 2020 1555 5555 55" };

/** Lines that a payment has not, and what stands there instead. */
const MALLORYS_TEXT: Readonly<Record<number, string>> = {
  [Label.HOST]: "mallory.example",
  [Label.VERSION]: "6d616c6c6f72796d616c6c6f72796d616c6c6f72",
};

/** tx3: the request with another payee and account. */
export function alterRequest(request: TransactionServiceCreateRequest): TransactionServiceCreateRequest {
  let done = false;
  const fields = request.fields.map((field): Field => {
    if (field.label === Label.TO) return { ...field, value: { $case: "text", value: MALLORY.payee } };
    const other = MALLORYS_TEXT[field.label];
    if (other !== undefined) return { ...field, value: { $case: "text", value: other } };
    if (field.label === Label.ACCOUNT) return { ...field, value: { $case: "account", value: mallorysAccount() } };
    if (field.value?.$case !== "payment" || done) return field;
    done = true;
    const payment = { ...field.value.value, payee: MALLORY.payee, account: mallorysAccount() };
    return { ...field, value: { $case: "payment", value: payment } };
  });
  return { ...request, fields };
}

const mallorysAccount = () => ({ id: { $case: "iban" as const, value: MALLORY.iban } });

/** tx2: the same change on the canonical content that goes to the key. */
export function alterContent(bytes: Uint8Array): Uint8Array {
  const content = decodeContent(bytes);
  let done = false;
  const lines = content.lines.map((line): Line => {
    if (line.label === Label.TO) return { ...line, value: MALLORY.payee };
    const other = MALLORYS_TEXT[line.label];
    if (other !== undefined) return { ...line, value: other };
    if (line.label === Label.ACCOUNT) return { ...line, value: MALLORY.shown };
    if (line.label !== Label.PAYMENT || done) return line;
    done = true;
    const [amount = ""] = line.value.split(" | ");
    return { ...line, value: [amount, MALLORY.shown, MALLORY.payee].join(" | ") };
  });
  return encodeContent({ ...content, lines });
}

/** Hides the early comparison: the client is told the lines, digest and tag of what it meant. */
export function pretend(transaction: Transaction, meant: TransactionServiceCreateRequest): Transaction {
  const kind = transaction.kind as Kind & TypedKind;
  const lines = renderFields(kind, withPayload(meant));
  const content = encodeContent({ version: transaction.contentVersion, issuer: transaction.issuerName, kind, lines });
  const txDigest = txDigestOf(content);
  const tag = tagOf(fromHex(transaction.transactionId), transaction.nonce, txDigest);
  return { ...transaction, lines: [...lines] as Transaction["lines"], txDigest: Buffer.from(txDigest), tag };
}

type TypedKind = Parameters<typeof renderFields>[0];

function withPayload(meant: TransactionServiceCreateRequest): TypedField[] {
  const fields = fieldsOf(meant.fields);
  if (meant.payloadSha256.length === 0) return fields;
  return [...fields, { label: Label.DIGEST, value: { type: "digest", digest: meant.payloadSha256 } }];
}
