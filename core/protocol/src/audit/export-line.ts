// The lines of an audit export: JSON, one a line, in one spelling. docs/protocol/audit.md section 7.
import { fromHex, toHex, utf8 } from "../bytes.ts";
import { quote } from "./json-text.ts";

/** Media type of an export. */
export const AUDIT_EXPORT_TYPE = "application/countersign-audit-export+jsonl";

/** Where an entry stands. */
export interface Place {
  readonly shard: number;
  readonly seq: number;
}

/** The first line. The export ends at the head of the second line; `base`: and begins behind that of the third. */
export interface ExportHeader {
  readonly base: boolean;
  readonly serverId: string;
  /** Whose entries are shown; "": all. */
  readonly tenant: string;
}

/** What the core's key vouches for in the export of one tenant: a run of lines, in order, and where it belongs. */
export interface ExportPart {
  /** SHA-256 of its lines with their ends. */
  readonly digest: Uint8Array;
  readonly first: Place;
  readonly last: Place;
  /** Root of the head that the export ends at. */
  readonly root: Uint8Array;
  readonly serverId: string;
  readonly tenant: string;
}

/** The last line. */
export interface ExportEnd {
  readonly entries: number;
  readonly opaque: number;
  readonly root: Uint8Array;
}

/** A line as it was read, before anything about it is believed. */
export type ExportLine =
  | { readonly type: "header"; readonly header: ExportHeader }
  | { readonly type: "head" }
  | { readonly type: "entry"; readonly hash: Uint8Array; readonly text: string }
  | { readonly type: "opaque"; readonly place: Place; readonly hash: Uint8Array }
  | { readonly type: "part"; readonly text: string; readonly signature: Uint8Array }
  | { readonly type: "end"; readonly end: ExportEnd };

const ENTRY_START = '{"hash":"';
const ENTRY_MIDDLE = '","entry":';
const TEXT_AT = ENTRY_START.length + 64 + ENTRY_MIDDLE.length;

export function headerLine({ base, serverId, tenant }: ExportHeader): string {
  return `{"export":{"base":${base},"serverId":${quote(serverId)},"tenant":${quote(tenant)},"v":1}}`;
}

/** The entry as it lies in the chain: its bytes are what the hash is of. */
export function entryLine(hash: Uint8Array, text: string): string {
  return `${ENTRY_START}${toHex(hash)}${ENTRY_MIDDLE}${text}}`;
}

/** An entry of somebody else: that there is one, and its hash. */
export function opaqueLine({ shard, seq }: Place, hash: Uint8Array): string {
  return `{"opaque":[${shard},${seq},"${toHex(hash)}"]}`;
}

export function endLine({ entries, opaque, root }: ExportEnd): string {
  return `{"end":{"entries":${entries},"opaque":${opaque},"root":"${toHex(root)}"}}`;
}

/** `sign` makes raw r‖s of ES256. */
export function partLine(part: ExportPart, sign: (bytes: Uint8Array) => Uint8Array): string {
  const text = partText(part);
  return `{"part":${quote(text)},"signature":"${toHex(sign(signedPart(text)))}"}`;
}

/** What a part's signature is over. */
export function signedPart(text: string): Uint8Array {
  return utf8(`countersign/audit-part/v1\0${text}`);
}

export function partText({ digest, first, last, root, serverId, tenant }: ExportPart): string {
  const places = `"first":[${first.shard},${first.seq}],"last":[${last.shard},${last.seq}]`;
  return `{"digest":"${toHex(digest)}",${places},"root":"${toHex(root)}","serverId":${quote(serverId)},"tenant":${quote(tenant)},"v":1}`;
}

/** Reads one line without its end; undefined for what no core writes. */
export function readExportLine(line: string): ExportLine | undefined {
  try {
    if (line.startsWith(ENTRY_START)) return readEntry(line);
    const json = JSON.parse(line) as Readonly<Record<string, unknown>>;
    const read = READERS[Object.keys(json)[0] ?? ""]?.(json);
    return read?.line === line ? read.is : undefined;
  } catch {
    return undefined;
  }
}

function readEntry(line: string): ExportLine | undefined {
  const hash = fromHex(line.slice(ENTRY_START.length, ENTRY_START.length + 64));
  const isFramed = line.slice(ENTRY_START.length + 64, TEXT_AT) === ENTRY_MIDDLE && line.endsWith("}");
  return isFramed ? { type: "entry", hash, text: line.slice(TEXT_AT, -1) } : undefined;
}

/** What was read, and how a core writes that. */
interface Reading {
  readonly is: ExportLine;
  readonly line: string;
}

type Json = Readonly<Record<string, unknown>>;

const READERS: Readonly<Record<string, (json: Json) => Reading>> = {
  export: (json) => {
    const { base, serverId, tenant } = membersOf(json["export"]);
    const header = { base: base === true, serverId: textOf(serverId), tenant: textOf(tenant) };
    return { is: { type: "header", header }, line: headerLine(header) };
  },
  seal: (json) => ({ is: { type: "head" }, line: JSON.stringify(json) }),
  opaque: (json) => {
    const [shard, seq, hex] = json["opaque"] as readonly unknown[];
    const [place, hash] = [{ shard: numberOf(shard), seq: numberOf(seq) }, fromHex(textOf(hex))];
    return { is: { type: "opaque", place, hash }, line: opaqueLine(place, hash) };
  },
  part: (json) => {
    const [text, signature] = [textOf(json["part"]), fromHex(textOf(json["signature"]))];
    const line = `{"part":${quote(text)},"signature":"${toHex(signature)}"}`;
    return { is: { type: "part", text, signature }, line };
  },
  end: (json) => {
    const { entries, opaque, root } = membersOf(json["end"]);
    const end = { entries: numberOf(entries), opaque: numberOf(opaque), root: fromHex(textOf(root)) };
    return { is: { type: "end", end }, line: endLine(end) };
  },
};

function membersOf(json: unknown): Json {
  return json as Json; // what is missing is no text and no number
}

function textOf(json: unknown): string {
  if (typeof json === "string") return json;
  throw new TypeError("a text was expected");
}

function numberOf(json: unknown): number {
  if (typeof json === "number") return json;
  throw new TypeError("a number was expected");
}
