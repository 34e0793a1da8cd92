import { t } from "@countersign/pages";
import { toHex } from "@countersign/protocol";
import type { AuditHead } from "@countersign/proto/web/admin/v1/audit_service";
import type { JSX } from "preact";
import { audit } from "../../connection/core.ts";
import { type Column, DataTable, type Rows } from "../../ui/data-table.tsx";
import { IdText } from "../../ui/id-text.tsx";
import { TimeText } from "../../ui/time-text.tsx";

/** What the core signed of where its chains stand, and how anybody checks it without this page. */
export function Heads(): JSX.Element {
  return (
    <>
      <h2>{t("audit-heads")}</h2>
      <p>{t("audit-heads-text")}</p>
      <DataTable
        caption={t("audit-heads-caption")}
        columns={columns()}
        rowKey={({ number }) => String(number)}
        load={load}
        of="heads"
        empty={t("audit-heads-none")}
      />
      <h2>{t("audit-verify")}</h2>
      <p>{t("audit-verify-text")}</p>
      <pre dir="ltr" tabIndex={0} aria-label={t("audit-verify")}>
        {COMMANDS.join("\n")}
      </pre>
    </>
  );
}

const COMMANDS = [
  "countersign audit heads --out heads.jsonl",
  "countersign audit export --out audit.jsonl",
  "countersign audit verify audit.jsonl --head heads.jsonl",
];

async function load(pageToken: string, signal: AbortSignal): Promise<Rows<AuditHead>> {
  const { heads, nextPageToken } = await audit.listHeads({ pageSize: 5, pageToken }, { signal });
  return { rows: heads, nextPageToken };
}

function columns(): readonly Column<AuditHead>[] {
  return [
    { id: "number", header: t("audit-head-number"), cell: ({ number }) => String(number), isHeader: true },
    { id: "at", header: t("audit-head-at"), cell: ({ at }) => <TimeText at={at} /> },
    { id: "entries", header: t("audit-head-entries"), cell: ({ entries }) => String(entries) },
    { id: "root", header: t("audit-head-root"), cell: ({ root }) => <IdText>{toHex(root)}</IdText> },
  ];
}
