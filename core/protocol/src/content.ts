import type { Field, Line } from "./field.ts";
import { utf8 } from "./bytes.ts";
import { CborMap } from "./cbor-map.ts";
import { type CborValue, encodeCbor } from "./det-cbor.ts";
import { isKind, type Kind } from "./kind.ts";
import { isLabel } from "./label.ts";
import { MAX_LINES, parseLines, renderFields } from "./render.ts";
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
  if (content.version !== CONTENT_VERSION) {
    throw new ProtocolError("bad-version", `expected content version ${CONTENT_VERSION}`, { field: "content.version" });
  }
  checkIssuer(content.issuer);
  parseLines(content.kind, content.lines);
  return encodeChecked(content);
}

/**
 * Renders typed fields and encodes them in one go: what a core does at Create. Equal to renderFields followed by
 * encodeContent, without checking again the lines that it has just rendered.
 */
export function renderContent(
  issuer: string,
  kind: Kind,
  fields: readonly Field[],
): { readonly content: Content; readonly bytes: Uint8Array } {
  checkIssuer(issuer);
  const content = { version: CONTENT_VERSION, issuer, kind, lines: renderFields(kind, fields) };
  return { content, bytes: encodeChecked(content) };
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
  checkIssuer(issuer);
  const lines = rows.map(lineOf);
  parseLines(kind, lines);
  return { version: CONTENT_VERSION, issuer, kind, lines };
}

/** SHA-256 that binds code and statement to the content. */
export function txDigestOf(contentBytes: Uint8Array): Uint8Array {
  return sha256(TX, contentBytes);
}

function encodeChecked({ version, issuer, kind, lines }: Content): Uint8Array {
  const rows = lines.map(({ label, value }) => [label, value]);
  const members: readonly (readonly [number, CborValue])[] = [
    [1, version],
    [2, issuer],
    [3, kind],
    [4, rows],
  ];
  const bytes = encodeCbor(new Map(members));
  if (bytes.length <= MAX_CONTENT) return bytes;
  const why = `${bytes.length} bytes, at most ${MAX_CONTENT}; shorten the texts or split the transaction`;
  throw new ProtocolError("too-long", why, { field: "content" });
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
