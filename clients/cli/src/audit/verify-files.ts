// Checks files of the audit against each other and against what the core signed, without asking anybody.
// docs/protocol/audit.md section 8.
import {
  describeHeadFault,
  ExportCheck,
  HeadBook,
  openAuditHead,
  type AuditFault,
  type ExportReport,
  type OpenedHead,
  type PinnedSealer,
} from "@countersign/protocol";
import { fileLines } from "./file-lines.ts";

/** A fault, and the file in which it shows. */
export interface FileFault {
  /** "": in no one of them. */
  readonly file: string;
  readonly fault: AuditFault;
}

/** One export, as far as it could be read. */
export interface FileReport extends ExportReport {
  readonly file: string;
}

/** What all files together say. */
export interface AuditVerdict {
  readonly ok: boolean;
  readonly files: readonly FileReport[];
  /** Different signed heads, those of the exports among them. */
  readonly heads: number;
  readonly faults: readonly FileFault[];
}

/** What is checked, and with whose keys. */
export interface Verifying {
  /** Exports, in the order in which they follow each other. */
  readonly files: readonly string[];
  /** Files of heads that were kept elsewhere. */
  readonly heads: readonly string[];
  readonly pinned: PinnedSealer;
}

/** Rejects as reading a file does. */
export async function verifyFiles({ files, heads, pinned }: Verifying): Promise<AuditVerdict> {
  const book = new HeadBook();
  const faults: FileFault[] = [];
  for (const file of heads) faults.push(...(await readHeads(file, pinned, book)));
  for (const file of files) await addExportHeads(file, pinned, book);
  faults.push(...book.forks().map((fault) => ({ file: "", fault })));
  const reports: FileReport[] = [];
  for (const file of files) {
    const report = { file, ...(await checkExport(file, pinned, book)) };
    faults.push(...gapsBetween(reports.at(-1), report));
    faults.push(...report.faults.map((fault) => ({ file, fault })));
    reports.push(report);
  }
  return { ok: faults.length === 0, files: reports, heads: book.size, faults };
}

async function checkExport(file: string, pinned: PinnedSealer, book: HeadBook): Promise<ExportReport> {
  const check = new ExportCheck(pinned, book);
  for await (const { text, whole } of fileLines(file)) check.take(text, whole);
  return check.finish();
}

/** A line for each head; whatever else stands there is named, since a head that is not read finds nothing. */
async function readHeads(file: string, pinned: PinnedSealer, book: HeadBook): Promise<FileFault[]> {
  const faults: FileFault[] = [];
  let line = 0;
  for await (const { text } of fileLines(file)) {
    line += 1;
    const head = openAuditHead(text, pinned);
    if (typeof head !== "string") book.add({ name: nameOf(head, file), head });
    else faults.push({ file, fault: { type: "file", line, why: describeHeadFault(head) } });
  }
  if (line === 0) faults.push({ file, fault: { type: "file", line, why: "there is no head in it" } });
  return faults;
}

/** Where an export's own heads may stand. */
const HEAD_LINES = 3;

/** Before any is checked: the first export may contradict the head of the last one. */
async function addExportHeads(file: string, pinned: PinnedSealer, book: HeadBook): Promise<void> {
  let line = 0;
  for await (const { text } of fileLines(file)) {
    line += 1;
    const head = line === 1 ? "form" : openAuditHead(text, pinned);
    if (typeof head !== "string") book.add({ name: nameOf(head, file), head });
    if (line === HEAD_LINES) return;
  }
}

function nameOf({ number, at }: OpenedHead, file: string): string {
  const which = number === 0 ? "the seal" : `head ${number}`;
  return `${which} of ${new Date(at).toISOString()} in ${file}`;
}

/** What lies between the end of one export and the beginning of the next is in neither. */
function gapsBetween(before: FileReport | undefined, { file, base }: FileReport): FileFault[] {
  if (before?.head === undefined || base === undefined) return [];
  const ends = before.head.heads;
  return [...base.heads].flatMap(([shard, { seq }]): FileFault[] => {
    const firstSeq = (ends.get(shard)?.seq ?? 0) + 1;
    return firstSeq > seq ? [] : [{ file, fault: { type: "missing", shard, firstSeq, lastSeq: seq } }];
  });
}
