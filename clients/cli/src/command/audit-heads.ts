import { appendFileSync } from "node:fs";
import { toHex } from "@countersign/protocol";
import { AuditHead, AuditServiceListHeadsRequest } from "@countersign/proto/node/admin/v1/audit_service";
import { call } from "@countersign/sdk";
import type { AdminGiven } from "../admin/admin-connection.ts";
import { tellList, type ListOptions } from "../admin/list.ts";
import { refused } from "../cli-error.ts";
import type { ExitCode } from "../exit-code.ts";
import { momentText } from "../output/moment-text.ts";
import type { Column } from "../output/table.ts";

export interface AuditHeadsOptions extends ListOptions {
  /** The lines are appended to this file, oldest first. */
  readonly out?: string;
}

const COLUMNS: readonly Column<AuditHead>[] = [
  { head: "Number", of: ({ number }) => String(number) },
  { head: "Signed", of: ({ at }) => momentText(at) },
  { head: "Entries", of: ({ entries }) => String(entries) },
  { head: "Root", of: ({ root }) => toHex(root), isId: true },
];

/** `countersign audit heads`: the signed heads that the core keeps, newest first. */
export async function auditHeadsCommand(on: AdminGiven, options: AuditHeadsOptions): Promise<ExitCode> {
  const told: AuditHead[] = [];
  const code = await tellList(on, options, {
    ask: async (page) => {
      const request = AuditServiceListHeadsRequest.create(page);
      const { heads, nextPageToken } = await call(on.audit.listHeads.bind(on.audit), request, on.core);
      told.push(...heads);
      return { items: heads, nextPageToken };
    },
    columns: COLUMNS,
    type: AuditHead,
  });
  if (options.out === undefined) return code;
  try {
    appendFileSync(
      options.out,
      told
        .toReversed()
        .map(({ line }) => line)
        .join(""),
      { mode: 0o600 },
    );
  } catch (error) {
    throw refused(`--out ${options.out}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return code;
}
