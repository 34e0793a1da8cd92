import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeAuditFault } from "@countersign/protocol";
import { withAdmin } from "../admin/admin-connection.ts";
import { verifyFiles } from "../audit/verify-files.ts";
import { exportAudit } from "../command/audit-export.ts";
import { pinnedOf, type CommandGiven } from "../session.ts";
import { bad, fine, type Finding } from "./finding.ts";

const MOST_TOLD = 5;

/** All of the history, as `audit export` and `audit verify` do it, held against the pinned keys and heads kept elsewhere. */
export async function auditFindings(given: CommandGiven, heads: readonly string[]): Promise<Finding[]> {
  const pinned = pinnedOf(given.settings);
  const folder = mkdtempSync(join(tmpdir(), "countersign-audit-"));
  try {
    const file = join(folder, "audit.jsonl");
    await withAdmin(given, (on) => exportAudit(on, { out: file }));
    const { ok, files, faults } = await verifyFiles({ files: [file], heads, pinned });
    const count = files.reduce((sum, { entries }) => sum + entries, 0);
    if (ok) return [fine(`audit: ${count} entries verified against the core's signed heads`)];
    const fix =
      "stop confirming and keep what is there; countersign audit export, then audit verify on another machine";
    const told = faults.slice(0, MOST_TOLD).map(({ fault }) => describeAuditFault(fault));
    const more = faults.length - told.length;
    return [bad(`audit does not verify: ${told.join("; ")}${more > 0 ? `; and ${more} more` : ""}`, fix)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
