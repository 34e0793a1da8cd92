import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** One entry of the core's audit. */
export interface Audited {
  readonly event: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** The core's audit in order of commit, read beside a core that runs on it. */
export function readAudit(folder: string): Audited[] {
  const database = new DatabaseSync(join(folder, "data/countersign.db"), { readOnly: true });
  try {
    const rows = database.prepare("SELECT entry FROM audit ORDER BY number").all();
    return rows.flatMap(({ entry }) => (JSON.parse(String(entry)) as { events: Audited[] }).events);
  } finally {
    database.close();
  }
}

/** What the audit says of one transaction, in order; a delivery with its phase. */
export function stepsOf(folder: string, transactionId: string): string[] {
  return readAudit(folder)
    .filter(({ subject }) => subject === `transaction:${transactionId}`)
    .map(({ event, detail }) => (typeof detail["phase"] === "string" ? `${event} ${detail["phase"]}` : event));
}
