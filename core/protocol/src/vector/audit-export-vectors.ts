import { describeAuditFault } from "../audit/audit-fault.ts";
import { ExportCheck, type ExportReport } from "../audit/export-check.ts";
import { exportOf, forkOf, headOf, historyOf, opened, PINNED, TENANT } from "../audit/export-fixture.ts";
import { HeadBook } from "../audit/head-book.ts";
import type { Named, Refused, Suite } from "./suite.ts";

interface Accept extends Named {
  readonly lines: readonly string[];
  readonly entries: number;
  readonly opaque: number;
}

interface Reject extends Refused {
  readonly lines: readonly string[];
  /** A head that was kept elsewhere. */
  readonly kept?: string;
}

const history = historyOf({ 7: 4, 900: 1 });
const base = headOf(historyOf({ 7: 2 }), 1);
const head = headOf(history, 2, base);
const lines = exportOf(history, { head });
const tenants = exportOf(history, { head, tenant: TENANT });
const kept = headOf(history, 1);
const forked = exportOf(forkOf(history, 2, { 7: 5 }, "rewritten"), {
  head: headOf(forkOf(history, 2, { 7: 5 }, "rewritten"), 2),
});

const ACCEPTED: readonly (readonly [string, readonly string[]])[] = [
  ["of the whole installation", lines],
  ["behind a head", exportOf(history, { head, base })],
  ["of one tenant, with the hashes of what is not his", tenants],
  ["of one tenant behind a head", exportOf(history, { head, base, tenant: TENANT })],
  [
    "of an empty installation, up to a head without a number",
    exportOf(historyOf({}), { head: headOf(historyOf({}), 0) }),
  ],
  ["rewritten under the core's own key, without a head that was kept", forked],
];

const REFUSED: readonly (readonly [string, string, readonly string[], string?])[] = [
  ["an entry edited", "entry 7.2 altered", lines.with(3, lines[3]!.replace("user:2", "user:9"))],
  ["its hash edited", "entry 7.2 altered", lines.with(3, lines[3]!.replace(/"hash":"..../, '"hash":"0000'))],
  ["an entry deleted", "missing 7.2-2", lines.toSpliced(3, 1)],
  ["the end of a chain deleted", "missing 7.3-4", lines.toSpliced(4, 2)],
  ["two entries swapped", "entry 7.3 out-of-order", lines.with(3, lines[4]!).with(4, lines[3]!)],
  ["an entry twice", "entry 7.2 out-of-order", lines.toSpliced(5, 0, lines[3]!)],
  ["cut off", "file 6", lines.slice(0, 6)],
  ["its head replaced by an older one", "entry 7.4 beyond", lines.with(1, headOf(historyOf({ 7: 3, 900: 1 })))],
  ["an opaque hash edited", "part 6", tenants.with(4, tenants[4]!.replace(/,".../, ',"000'))],
  ["a history that was rewritten", "fork 7.4", forked, kept],
  ["no export", "file 1", ["{}"]],
];

/** Exports of the audit chains, line by line. */
export const auditExportVectors: Suite<Accept, Reject> = {
  name: "audit-export",
  spec: "docs/protocol/audit.md sections 7 and 8",
  about:
    "lines are those of an export, without their ends, of server id 101112..1f, pinned with the public key of " +
    "vectorKey(4) in core/protocol/src/vector/fixture.ts; kept is a signed head that it must agree with. because is the " +
    "first fault: its type, and where.",
  build: () => ({
    accept: ACCEPTED.map(([name, all]) => ({ name, lines: all, ...countsOf(check(all)) })),
    reject: REFUSED.map(([name, because, all, keptHead]) => ({
      ...{ name, because, lines: all },
      ...(keptHead === undefined ? {} : { kept: keptHead }),
    })),
  }),
  accept: (vector) => {
    const report = check(vector.lines);
    if (!report.ok) throw new Error(report.faults.map(describeAuditFault).join());
    return countsOf(report);
  },
  reject: (vector) => firstFault(check(vector.lines, vector.kept)),
};

function check(all: readonly string[], keptHead?: string): ExportReport {
  const book = new HeadBook();
  if (keptHead !== undefined) book.add({ name: "kept", head: opened(keptHead) });
  const checking = new ExportCheck(PINNED, book);
  for (const line of all) checking.take(line);
  return checking.finish();
}

function countsOf({ entries, opaque }: ExportReport) {
  return { entries, opaque };
}

function firstFault({ faults }: ExportReport): string {
  const [fault] = faults;
  switch (fault?.type) {
    case "entry":
      return `entry ${fault.shard}.${fault.seq} ${fault.reason}`;
    case "missing":
      return `missing ${fault.shard}.${fault.firstSeq}-${fault.lastSeq}`;
    case "fork":
      return `fork ${fault.shard}.${fault.seq}`;
    case "part":
    case "file":
      return `${fault.type} ${fault.line}`;
    case undefined:
      return "accepted";
  }
}
