import type { Command } from "commander";
import {
  AdminServiceExplainDeliveryRequest,
  AdminServiceExplainDeliveryResponse,
  DeliveryReason,
  type ChannelFinding,
  type DeliveryFinding,
  type TransactionFinding,
} from "@countersign/proto/node/admin/v1/admin_service";
import { State } from "@countersign/proto/node/core/v1/content";
import { call } from "@countersign/sdk";
import { refused } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { momentText } from "../output/moment-text.ts";
import { printable } from "../output/printable.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { enumName } from "./enum-name.ts";
import { tenantId, transactionId } from "./find.ts";
import { messageJson } from "./message-json.ts";
import { ofTenant, type TenantOption, type Tree } from "./tree.ts";

interface WhyOptions extends TenantOption {
  readonly tx?: string;
}

/** `countersign admin user why USER`, `… --tx TX`: why no code came. */
export function addWhy(user: Command, { run }: Tree): void {
  ofTenant(user.command("why [user]"))
    .description("why no code came: each channel, and what became of the newest transactions")
    .option("--tx <transaction>", "of this one alone: its id, the beginning of it, or its tag")
    .action((name: string | undefined, options: WhyOptions) => run((on) => explain(on, name, options)));
}

async function explain(on: AdminGiven, userId: string | undefined, options: WhyOptions): Promise<ExitCode> {
  const { terminal } = on.given;
  const tenant = await tenantId(on, options.tenant);
  const about = await aboutOf(on, tenant, { userId, tx: options.tx });
  const request = AdminServiceExplainDeliveryRequest.create({ tenantId: tenant, about });
  const answer = await call(on.admin.explainDelivery.bind(on.admin), request, on.core);
  terminal.record(messageJson(AdminServiceExplainDeliveryResponse, answer));
  for (const line of whyLines(answer)) terminal.result(printable(line));
  return ExitCode.DONE;
}

async function aboutOf(
  on: AdminGiven,
  tenant: string,
  { userId, tx }: { readonly userId: string | undefined; readonly tx: string | undefined },
): Promise<AdminServiceExplainDeliveryRequest["about"]> {
  if (tx !== undefined) return { $case: "transactionId", value: await transactionId(on, tenant, tx) };
  if (userId === undefined) throw refused("name a user, or a transaction with --tx");
  return { $case: "userId", value: userId };
}

function whyLines({ userId, finding, channels, transactions }: AdminServiceExplainDeliveryResponse): string[] {
  return [
    ...(finding === undefined ? [] : [`${userId}: ${finding.text}`, ...adviceOf(finding)]),
    ...(channels.length === 0 ? [] : ["Channels now:"]),
    ...channels.map(channelLine),
    ...transactions.flatMap(transactionLines),
  ];
}

function transactionLines(of: TransactionFinding): string[] {
  const text = of.finding === undefined ? "" : `  ${of.finding.text}`;
  const state = enumName(State, of.state);
  return [`${of.transactionId}  ${momentText(of.createdAt)}  ${state}${text}`, ...of.channels.map(channelLine)];
}

function channelLine({ platform, finding }: ChannelFinding): string {
  if (finding === undefined) return `  ${platform}`;
  const { reason, text, detail, since, until } = finding;
  const times = [since && `since ${momentText(since)}`, until && `until ${momentText(until)}`].filter(Boolean);
  const facts = [...(detail === "" ? [] : [detail]), ...times].join(", ");
  return `  ${platform}  ${enumName(DeliveryReason, reason)}: ${text}${facts === "" ? "" : ` (${facts})`}`;
}

function adviceOf({ advice }: DeliveryFinding): string[] {
  return advice === "" ? [] : [`Do next: ${advice}`];
}
