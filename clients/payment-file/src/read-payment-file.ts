import {
  CONTENT_VERSION,
  encodeContent,
  Kind,
  Label,
  ProtocolError,
  renderFields,
  sha256,
} from "@countersign/protocol";
import type { Field, Line } from "@countersign/protocol";
import { checkControlFigures } from "./control-figures.ts";
import { PaymentFileError } from "./finding.ts";
import { Findings } from "./findings.ts";
import { paymentFields, type SourcedField } from "./payment-fields.ts";
import type { PaymentFile } from "./payment-file.ts";
import { typedGroups } from "./typed-file.ts";
import { readDocument } from "./xml-reader.ts";

/** A payment file that may be asked for: what it says, as fields, and as the lines that every surface will show. */
export interface PaymentOrder {
  readonly file: PaymentFile;
  readonly fields: readonly Field[];
  /** SHA-256 of the file's bytes, the payload of the transaction. */
  readonly payload: Uint8Array;
  /** The fields and the digest, rendered. */
  readonly lines: readonly Line[];
}

/** As wide as an issuer's name can be, so that content which fits here fits whoever asks. */
const WIDEST_ISSUER = "W".repeat(20);

/**
 * Reads a pain.001 file (README.md, "Payment files"). Throws PaymentFileError naming element and rule for anything
 * that is malformed, does not add up, cannot be shown, or changes what the bank does without being shown.
 */
export function readPaymentFile(bytes: Uint8Array): PaymentOrder {
  const { version, root, findings: found } = readDocument(bytes);
  const findings = new Findings(found);
  checkControlFigures(root, findings);
  const groups = findings.any ? [] : typedGroups(root, findings);
  findings.refuseIfAny();
  const file: PaymentFile = { version, groups, digest: sha256(bytes) };
  const sourced = paymentFields(file);
  return {
    file,
    fields: sourced.map(({ field }) => field),
    payload: file.digest,
    lines: linesOf(sourced, file),
  };
}

function linesOf(sourced: readonly SourcedField[], file: PaymentFile): Line[] {
  try {
    return rendered(sourced, file.digest);
  } catch (error) {
    if (error instanceof ProtocolError) throw new PaymentFileError([unshowable(error, sourced, file)]);
    throw error;
  }
}

function rendered(sourced: readonly SourcedField[], digest: Uint8Array): Line[] {
  const shownDigest: Field = { label: Label.DIGEST, value: { type: "digest", digest } };
  const lines = renderFields(Kind.PAY, [...sourced.map(({ field }) => field), shownDigest]);
  encodeContent({ version: CONTENT_VERSION, issuer: WIDEST_ISSUER, kind: Kind.PAY, lines });
  return lines;
}

/** The protocol names a field or line by its index; the user knows elements. */
function unshowable(
  error: ProtocolError,
  sourced: readonly SourcedField[],
  file: PaymentFile,
): { element: string; rule: string; line: number } {
  const index = /^(?:fields|lines)\[(\d+)\]/.exec(error.field ?? "")?.[1];
  const element = index === undefined ? undefined : sourced[Number(index)]?.element;
  const tooBig = error.code === "too-many-lines" || error.code === "too-long";
  const advice = tooBig
    ? `; a key shows at most 24 lines of 140 characters, 1600 bytes in all: split the file${whereToSplit(file)}`
    : "";
  const why = error.field === undefined ? error.message : error.message.slice(error.field.length + 2);
  return { element: element?.path ?? "file", rule: why + advice, line: element?.line ?? 0 };
}

/** More payments than this have more lines than a key shows. */
const MOST_PAYMENTS = 24;

/** `; its first 21 payments fit, the next begins in line 310`, where some of them fit. */
function whereToSplit(file: PaymentFile): string {
  const payments = file.groups.flatMap((group) => group.payments);
  for (let count = Math.min(payments.length - 1, MOST_PAYMENTS); count > 0; count -= 1) {
    if (!fits(firstOf(file, count))) continue;
    const fitting = count === 1 ? "first payment fits" : `first ${count} payments fit`;
    return `; its ${fitting}, the next begins in line ${payments[count]?.element.line ?? 0}`;
  }
  return "";
}

function fits(file: PaymentFile): boolean {
  try {
    rendered(paymentFields(file), file.digest);
    return true;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}

/** The file as if it ended after so many payments. */
function firstOf(file: PaymentFile, count: number): PaymentFile {
  let left = count;
  const groups = file.groups.flatMap((group) => {
    const payments = group.payments.slice(0, left);
    left -= payments.length;
    return payments.length === 0 ? [] : [{ ...group, payments }];
  });
  return { ...file, groups };
}
