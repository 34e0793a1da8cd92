import type { Command } from "commander";
import {
  AdminServiceExplainDeliveryRequest,
  AdminServiceSendTestMessageRequest,
  AdminServiceSendTestMessageResponse,
  DeliveryReason,
  type ChannelFinding,
  type DeliveryFinding,
} from "@countersign/proto/node/admin/v1/admin_service";
import { call, pause } from "@countersign/sdk";
import { ExitCode } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { enumName } from "./enum-name.ts";
import { botId, tenantId } from "./find.ts";
import { messageJson } from "./message-json.ts";
import { ofTenant, type TenantOption, type Tree } from "./tree.ts";

/** `countersign admin bot test BOT`. */
export function addBotTest(bot: Command, { run }: Tree): void {
  ofTenant(bot.command("test <bot>"))
    .description("a message to your own chat, without a code, and what became of it; exit 15 when it got nowhere")
    .action((wanted: string, options: TenantOption) => run((on) => testBot(on, wanted, options)));
}

const UNDER_WAY: readonly number[] = [DeliveryReason.WAITING, DeliveryReason.AT_BOT];
const THERE: readonly number[] = [DeliveryReason.SENT, DeliveryReason.REACHED, DeliveryReason.SENT_UNKNOWN];
const PAUSE_MS = 500;
/** With half a second each: longer than a bot takes that is well. */
const MOST_LOOKS = 40;

async function testBot(on: AdminGiven, wanted: string, options: TenantOption): Promise<ExitCode> {
  const { terminal } = on.given;
  const tenant = await tenantId(on, options.tenant);
  const request = AdminServiceSendTestMessageRequest.create({
    tenantId: tenant,
    botId: await botId(on, tenant, wanted),
  });
  const sent = await call(on.admin.sendTestMessage.bind(on.admin), request, on.core);
  terminal.record(messageJson(AdminServiceSendTestMessageResponse, sent));
  if (sent.throughOtherBot)
    terminal.progress(
      `${terminal.sign("warning")} You have no chat with ${wanted}: it goes through a bot of the administration,`,
    );
  if (sent.throughOtherBot) terminal.progress("which proves the provider and not this bot.");
  const finding = await followed(on, sent);
  const reason = finding?.reason ?? DeliveryReason.UNSPECIFIED;
  const isThere = THERE.includes(reason);
  const exit = isThere ? ExitCode.DONE : ExitCode.UNDELIVERABLE;
  const name = enumName(DeliveryReason, reason);
  const { text = "", advice = "", detail = "" } = finding ?? {};
  terminal.record({ testMessageId: sent.testMessageId, reason: name, text, advice, detail, final: true, exit });
  const facts = detail === "" ? "" : ` (${detail})`;
  terminal.result(printable(`  ${terminal.sign(isThere ? "done" : "failed")} ${name}: ${text}${facts}`));
  if (advice !== "") terminal.result(printable(`Do next: ${advice}`));
  return exit;
}

/** Looks until it left the bot, one way or the other. */
async function followed(
  on: AdminGiven,
  { channel, testMessageId }: AdminServiceSendTestMessageResponse,
): Promise<DeliveryFinding | undefined> {
  let finding = channel?.finding;
  const about = { $case: "testMessageId", value: testMessageId } as const;
  for (let looks = 0; isUnderWay(finding) && looks < MOST_LOOKS; looks += 1) {
    await pause(PAUSE_MS);
    const request = AdminServiceExplainDeliveryRequest.create({ about });
    finding = (await call(on.admin.explainDelivery.bind(on.admin), request, on.core)).finding ?? finding;
  }
  return finding;
}

function isUnderWay(finding: ChannelFinding["finding"]): boolean {
  return finding !== undefined && UNDER_WAY.includes(finding.reason);
}
