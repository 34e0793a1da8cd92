import type { Command } from "commander";
import {
  AdminServiceGetSummaryRequest,
  AdminServiceGetSummaryResponse,
  type EndedCount,
  type TimeTaken,
} from "@countersign/proto/node/admin/v1/admin_service";
import { State } from "@countersign/proto/node/core/v1/content";
import { call } from "@countersign/sdk";
import { ExitCode } from "../exit-code.ts";
import { momentText } from "../output/moment-text.ts";
import { printable } from "../output/printable.ts";
import type { Terminal } from "../output/terminal.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { enumName } from "./enum-name.ts";
import { tenantId } from "./find.ts";
import { messageJson } from "./message-json.ts";
import { ofTenant, type TenantOption, type Tree } from "./tree.ts";

/** `countersign admin status`. */
export function addStatus(admin: Command, { run }: Tree): void {
  ofTenant(admin.command("status"))
    .description("what is open, how transactions ended lately, how long people and messages took, how the bots are")
    .action((options: TenantOption) => run((on) => tellStatus(on, options)));
}

async function tellStatus(on: AdminGiven, options: TenantOption): Promise<ExitCode> {
  const { terminal } = on.given;
  const request = AdminServiceGetSummaryRequest.create({ tenantId: await tenantId(on, options.tenant) });
  const summary = await call(on.admin.getSummary.bind(on.admin), request, on.core);
  terminal.record(messageJson(AdminServiceGetSummaryResponse, summary));
  for (const line of statusLines(summary, terminal)) terminal.result(line);
  return ExitCode.DONE;
}

function statusLines(summary: AdminServiceGetSummaryResponse, terminal: Terminal): string[] {
  const { at, index, bots } = summary;
  const head = `as of ${momentText(at)}`;
  const botLine =
    bots === undefined
      ? []
      : [`bots      ${bots.attached} of ${bots.total} attached, ${bots.paused} paused, ${bots.waiting} messages wait`];
  if (index !== undefined && index.read < index.of) {
    const words = `the core is still reading its chains (${index.read} of ${index.of} shards); ask again in a moment`;
    return [head, `${terminal.sign("warning")} ${words}`, ...botLine];
  }
  const open = summary.open.map(({ state, count }) => `${count} ${enumName(State, state)}`).join(", ");
  return [
    head,
    `open      ${open || "none"}`,
    `hour      ${endedText(summary.minutes)}`,
    `day       ${endedText(summary.hours)}`,
    `confirm   ${timeText(summary.timeToConfirm)}`,
    ...summary.platforms.map(({ platform, time, failed }) =>
      printable(`code by   ${platform}: ${timeText(time)}${failed === 0n ? "" : `, ${failed} failed`}`),
    ),
    ...botLine,
    ...waitsFor(summary, terminal),
  ];
}

/** What somebody has to do something about, with the command that names it. */
function waitsFor({ deadLetters, pendingChanges }: AdminServiceGetSummaryResponse, terminal: Terminal): string[] {
  const sign = terminal.sign("warning");
  return [
    ...(deadLetters === 0n
      ? []
      : [`${sign} messages that got nowhere: ${deadLetters}; countersign admin delivery list --state failed`]),
    ...(pendingChanges === 0n
      ? []
      : [
          `${sign} changes that wait for a key: ${pendingChanges}; countersign admin change list --state requested,partial`,
        ]),
  ];
}

const ENDINGS = ["confirmed", "rejected", "tampered", "expired", "locked", "undeliverable", "cancelled"] as const;

function endedText(counts: readonly EndedCount[]): string {
  const parts = ENDINGS.flatMap((ending) => {
    const sum = counts.reduce((before, count) => before + count[ending], 0n);
    return sum === 0n ? [] : [`${sum} ${ending}`];
  });
  return parts.join(", ") || "nothing ended";
}

function timeText(time: TimeTaken | undefined): string {
  if (time === undefined || time.count === 0n) return "nothing to measure";
  return `half within ${seconds(time.median)} s, 95 % within ${seconds(time.p95)} s (${time.count})`;
}

function seconds(span: TimeTaken["median"]): string {
  return (Number(span?.seconds ?? 0) + (span?.nanos ?? 0) / 1e9).toFixed(1);
}
