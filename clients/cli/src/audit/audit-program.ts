import type { Command } from "commander";
import { ofTenant, paged, repeatable, type Tree } from "../admin/tree.ts";
import { auditExportCommand, type AuditExportOptions } from "../command/audit-export.ts";
import { auditHeadsCommand, type AuditHeadsOptions } from "../command/audit-heads.ts";
import { auditVerifyCommand, type AuditVerifyOptions } from "../command/audit-verify.ts";

/** `countersign audit export|heads|verify`: what outsiders hold the core's history against. */
export function addAuditFiles(audit: Command, { run, given, finish }: Tree): void {
  audit
    .command("verify [exports...]")
    .description(
      "check exports offline, several in their order, and heads that were kept elsewhere; exit 20 names what fails",
    )
    .addOption(repeatable("--head <file>", "signed heads that were kept elsewhere, one a line"))
    .action(async (files: string[], options: AuditVerifyOptions) =>
      finish(await auditVerifyCommand(files, options, given())),
    );
  ofTenant(audit.command("export"))
    .description("every entry up to a signed head, as lines that audit verify checks (an administrator's token)")
    .option("--out <file>", "where it is written, once it is whole (default: stdout)")
    .option("--since <head>", "only behind this number of a head, or behind the last one before a moment, such as 24h")
    .action((options: AuditExportOptions) => run((on) => auditExportCommand(on, options)));
  paged(audit.command("heads"))
    .description("signed heads, newest first (an administrator's token)")
    .option("--out <file>", "appends their lines, oldest first: keep the file where who writes the store cannot write")
    .action((options: AuditHeadsOptions) => run((on) => auditHeadsCommand(on, options)));
}
