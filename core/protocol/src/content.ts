import type { Line } from "./field.ts";
import { utf8 } from "./bytes.ts";
import { CborMap } from "./cbor-map.ts";
import { type CborValue, encodeCbor } from "./det-cbor.ts";
import { isKind, type Kind } from "./kind.ts";
import { isLabel } from "./label.ts";
import { MAX_LINES, parseLines } from "./render.ts";
import { ProtocolError } from "./protocol-error.ts";
import { checkSafeText, columnsOf } from "./safe-text.ts";
import { sha256 } from "#platform";

// content  = det-CBOR { 1: content version, 2: issuer name, 3: kind, 4: [[label, value], ...] }
// txDigest = SHA-256("countersign/tx/v1\0" || content)                      docs/protocol/content.md section 5

/** The version of the renderer and of this layout. */
export const CONTENT_VERSION = 1;
/** Bytes of encoded content. */
export const MAX_CONTENT = 1600;
/** Columns of the issuer's name. */
export const MAX_ISSUER_COLUMNS = 20;

/** What the user is shown and what is hashed. */
export interface Content {
  readonly version: number;
  /** Who asks: unique in an installation, set by its admin. */
  readonly issuer: string;
  readonly kind: Kind;
  readonly lines: readonly Line[];
}

const TX = utf8("countersign/tx/v1\0");

/** The one encoding of content. Throws ProtocolError for content that decodeContent would refuse. */
export function encodeContent(content: Content): Uint8Array {
  checkContent(content);
  const bytes = encodeCbor(
    new Map<number, CborValue>([
      [1, content.version],
      [2, content.issuer],
      [3, content.kind],
      [4, content.lines.map(({ label, value }) => [label, value])],
    ]),
  );
  if (bytes.length > MAX_CONTENT) {
    const why = `${bytes.length} bytes, at most ${MAX_CONTENT}; shorten the texts or split the transaction`;
    throw new ProtocolError("too-long", why, { field: "content" });
  }
  return bytes;
}

/** Reads content from anybody: canonical bytes, known numbers, safe text, limits and the notation of every value are checked. */
export function decodeContent(bytes: Uint8Array): Content {
  if (bytes.length > MAX_CONTENT) {
    throw new ProtocolError("too-long", `${bytes.length} bytes, at most ${MAX_CONTENT}`, { field: "content" });
  }
  const map = new CborMap("content", bytes);
  map.version(1, CONTENT_VERSION);
  const issuer = map.text(2, "issuer");
  const kind = map.integer(3, "kind", 0, Number.MAX_SAFE_INTEGER);
  const rows = map.array(4, "lines");
  map.end();
  if (!isKind(kind)) throw new ProtocolError("unknown-kind", `kind ${kind} is not in the registry`);
  if (rows.length > MAX_LINES) {
    throw new ProtocolError("too-many-lines", `${rows.length} lines, at most ${MAX_LINES}`, { field: "lines" });
  }
  const content = { version: CONTENT_VERSION, issuer, kind, lines: rows.map(lineOf) };
  checkContent(content);
  return content;
}

/** SHA-256 that binds code and statement to the content. */
export function txDigestOf(contentBytes: Uint8Array): Uint8Array {
  return sha256(TX, contentBytes);
}

function checkContent(content: Content): void {
  if (content.version !== CONTENT_VERSION) {
    throw new ProtocolError("bad-version", `expected content version ${CONTENT_VERSION}`, { field: "content.version" });
  }
  checkIssuer(content.issuer);
  parseLines(content.kind, content.lines);
}

/** Checks an issuer's name: safe text of 1 to 20 columns, wide characters counted as two. */
export function checkIssuer(issuer: string, field = "issuer"): void {
  checkSafeText(issuer, { maxCodePoints: MAX_ISSUER_COLUMNS, field });
  if (columnsOf(issuer) <= MAX_ISSUER_COLUMNS) return;
  throw new ProtocolError("too-long", `wider than ${MAX_ISSUER_COLUMNS} columns`, { field });
}

function lineOf(row: CborValue, i: number): Line {
  const field = `lines[${i}]`;
  const [label, value] = Array.isArray(row) && row.length === 2 ? (row as readonly CborValue[]) : [];
  if (typeof label !== "number" || typeof value !== "string") {
    throw new ProtocolError("bad-field", "expected [label, value]", { field });
  }
  if (!isLabel(label)) throw new ProtocolError("unknown-label", `label ${label} is not in the registry`, { field });
  return { label, value };
}
