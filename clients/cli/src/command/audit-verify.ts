import { describeAuditFault, toHex } from "@countersign/protocol";
import { verifyFiles, type AuditVerdict, type FileFault, type FileReport } from "../audit/verify-files.ts";
import { refused } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import type { Terminal } from "../output/terminal.ts";
import { pinnedOf, type CommandGiven } from "../session.ts";

export interface AuditVerifyOptions {
  /** Files of heads that were kept elsewhere. */
  readonly head?: readonly string[];
}

/** A file that is cut off misses the rest of every chain: they are counted, not listed. */
const MOST_TOLD = 20;

/** `countersign audit verify FILE...`: offline, against the core keys of the set-up. Exit 20 names what fails first. */
export async function auditVerifyCommand(
  files: readonly string[],
  { head: heads = [] }: AuditVerifyOptions,
  { settings, terminal }: CommandGiven,
): Promise<ExitCode> {
  if (files.length + heads.length === 0) throw refused("name an export, or a file of heads with --head");
  const pinned = pinnedOf(settings);
  let verdict: AuditVerdict;
  try {
    verdict = await verifyFiles({ files, heads, pinned });
  } catch (error) {
    throw refused(error instanceof Error ? error.message : String(error));
  }
  terminal.record(recordOf(verdict));
  if (!verdict.ok) tellFaults(terminal, verdict.faults);
  else tellHolds(terminal, verdict, heads.length > 0);
  return verdict.ok ? ExitCode.DONE : ExitCode.UNVERIFIED;
}

function tellFaults(terminal: Terminal, faults: readonly FileFault[]): void {
  for (const { file, fault } of faults.slice(0, MOST_TOLD)) {
    const where = file === "" ? "" : `${file}: `;
    terminal.result(printable(`  ${terminal.sign("failed")} ${where}${describeAuditFault(fault)}`));
  }
  const more = faults.length - MOST_TOLD;
  if (more > 0) terminal.result(`  ${terminal.sign("failed")} and ${more} more; all of them with --json`);
}

function tellHolds(terminal: Terminal, { files, heads }: AuditVerdict, hasKept: boolean): void {
  for (const report of files) for (const line of linesOf(report)) terminal.result(printable(`  ${line}`));
  const agree = heads === 1 ? "1 signed head" : `${heads} signed heads, which agree`;
  terminal.result(`  ${terminal.sign("done")} audit verified against ${agree}`);
  if (hasKept) return;
  terminal.progress(
    "no head that was kept elsewhere was named (--head): a history rewritten by the core itself would not show",
  );
}

function linesOf({ file, entries, opaque, tenant = "", head, base }: FileReport): string[] {
  const behind = base === undefined ? "from the first" : `behind ${headText(base)}`;
  const counted = opaque === 0 ? `${entries} entries` : `${entries} entries, and the hashes of ${opaque} of others`;
  const whose = tenant === "" ? "" : `, tenant ${tenant}`;
  const root = head === undefined ? "" : `, root ${toHex(head.root)}`;
  return [`${file}: ${counted}, ${behind} to ${head === undefined ? "?" : headText(head)}${root}${whose}`];
}

function headText({ number, at }: NonNullable<FileReport["head"]>): string {
  return `head ${number} of ${new Date(at).toISOString()}`;
}

function recordOf({ ok, files, heads, faults }: AuditVerdict): Record<string, unknown> {
  return {
    ...{ verified: ok, heads },
    files: files.map(({ file, entries, opaque, tenant, head, base }) => ({
      ...{ file, entries, opaque, tenant, head: headOf(head), base: headOf(base) },
    })),
    faults: faults.map(({ file, fault }) => ({ file, ...fault, says: describeAuditFault(fault) })),
  };
}

function headOf(head: FileReport["head"]): object | null {
  if (head === undefined) return null;
  return { number: head.number, at: new Date(head.at).toISOString(), root: toHex(head.root) };
}
