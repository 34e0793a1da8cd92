import type { Command } from "commander";
import {
  WebhookDelivery,
  WebhookDeliveryState,
  WebhookServiceListDeliveriesRequest,
  WebhookServiceReplayRequest,
  WebhookServiceSendTestRequest,
} from "@countersign/proto/node/admin/v1/webhook_service";
import { call, pause } from "@countersign/sdk";
import { refused } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { momentText } from "../output/moment-text.ts";
import { printable } from "../output/printable.ts";
import { tableLines, type Column } from "../output/table.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { enumArgument, enumChoices, enumName } from "./enum-name.ts";
import { tenantId } from "./find.ts";
import { messageJson } from "./message-json.ts";
import { momentArgument } from "./moment-argument.ts";
import { ofTenant, type TenantOption, type Tree } from "./tree.ts";
import { endpointIdOf, endpointOf } from "./webhook-find.ts";
import { isResting, stateText } from "./webhook-state.ts";

interface DeliveryFilter extends TenantOption {
  readonly state?: string;
  readonly limit?: string;
}

interface ReplayOptions extends TenantOption {
  readonly since?: string;
  readonly message?: string;
}

interface TestOptions extends TenantOption {
  readonly event?: string;
}

const COLUMNS: readonly Column<WebhookDelivery>[] = [
  { head: "Event", of: ({ type, test }) => (test ? `${type} (test)` : type) },
  { head: "State", of: ({ state }) => enumName(WebhookDeliveryState, state) },
  { head: "Tries", of: ({ attempts }) => String(attempts) },
  { head: "Last", of: lastOf },
  { head: "At", of: ({ at }) => momentText(at) },
  { head: "Transaction", of: ({ transactionId }) => transactionId, isId: true },
  { head: "Message", of: ({ webhookId }) => webhookId, isId: true },
];

function lastOf({ lastResult, lastStatus }: WebhookDelivery): string {
  return lastStatus === 0 ? lastResult : `${lastResult} (${lastStatus})`;
}

/** `countersign admin webhook deliveries|replay|test`. */
export function addMessages(webhook: Command, { run }: Tree): void {
  ofTenant(webhook.command("deliveries <endpoint>"))
    .description("what became of its messages; delivered ones are kept for three days, dead ones for thirty")
    .option("--state <state>", `only in this state: ${enumChoices(WebhookDeliveryState).join(", ")}`)
    .option("--limit <count>", "rows of each state, 1 to 100", "20")
    .action((wanted: string, options: DeliveryFilter) => run((on) => deliveries(on, wanted, options)));
  ofTenant(webhook.command("replay <endpoint>"))
    .description("tells it again, under the same ids: one message, or everything since a moment")
    .option("--message <webhook-id>", "this one")
    .option("--since <moment>", "everything since then: 2026-11-30T14:00Z, or 24h for 24 hours ago")
    .action((wanted: string, options: ReplayOptions) => run((on) => replay(on, wanted, options)));
  ofTenant(webhook.command("test <endpoint>"))
    .description("a message that says it is a test, and what became of it; exit 15 when it did not get there")
    .option("--event <name>", "as if this had happened", "transaction.executed")
    .action((wanted: string, options: TestOptions) => run((on) => sendTest(on, wanted, options)));
}

async function deliveries(on: AdminGiven, wanted: string, options: DeliveryFilter): Promise<ExitCode> {
  const { terminal } = on.given;
  const pageSize = Number(options.limit);
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > 100) throw refused("--limit: expected 1 to 100");
  const state = enumArgument(WebhookDeliveryState, "--state", options.state);
  const request = WebhookServiceListDeliveriesRequest.create({
    ...(await named(on, wanted, options)),
    state,
    pageSize,
  });
  const { deliveries: rows } = await call(on.webhooks.listDeliveries.bind(on.webhooks), request, on.core);
  for (const row of rows) terminal.record(messageJson(WebhookDelivery, row));
  for (const line of tableLines(COLUMNS, rows, terminal)) terminal.result(line);
  if (rows.length === 0) terminal.progress("none");
  return ExitCode.DONE;
}

async function replay(on: AdminGiven, wanted: string, options: ReplayOptions): Promise<ExitCode> {
  const { terminal } = on.given;
  const since = momentArgument("--since", options.since);
  const what =
    options.message === undefined
      ? since && ({ $case: "since", value: since } as const)
      : ({ $case: "webhookId", value: options.message } as const);
  if (what === undefined || (since !== undefined && options.message !== undefined))
    throw refused("--message, --since: one of the two");
  const which = await named(on, wanted, options);
  let queued = 0;
  for (let cursor = ""; ;) {
    const request = WebhookServiceReplayRequest.create({ ...which, what, cursor });
    const answer = await call(on.webhooks.replay.bind(on.webhooks), request, on.core);
    queued += answer.queued;
    cursor = answer.nextCursor;
    if (cursor === "") break;
    terminal.status(() => `${queued} so far`);
  }
  terminal.endStatus();
  terminal.record({ endpointId: which.endpointId, queued });
  terminal.result(`  ${terminal.sign("done")} ${queued} told again, under the ids that they had`);
  return ExitCode.DONE;
}

const PAUSE_MS = 250;
/** Longer than a receiver may take. */
const MOST_LOOKS = 80;

async function sendTest(on: AdminGiven, wanted: string, options: TestOptions): Promise<ExitCode> {
  const { terminal } = on.given;
  const tenant = await tenantId(on, options.tenant);
  const endpoint = await endpointOf(on, tenant, wanted);
  const which = { tenantId: tenant, endpointId: endpoint.endpointId };
  const asked = WebhookServiceSendTestRequest.create({ ...which, type: options.event ?? "" });
  const { webhookId } = await call(on.webhooks.sendTest.bind(on.webhooks), asked, on.core);
  const tried = isResting(endpoint) ? undefined : await firstTry(on, which, webhookId);
  const isThere = tried?.state === WebhookDeliveryState.DELIVERED;
  const exit = isThere ? ExitCode.DONE : ExitCode.UNDELIVERABLE;
  const last = tried === undefined ? `not tried yet; the endpoint is ${stateText(endpoint)}` : lastOf(tried);
  terminal.record({ webhookId, ...(tried && messageJson(WebhookDelivery, tried)), final: true, exit });
  terminal.result(printable(`  ${terminal.sign(isThere ? "done" : "failed")} ${webhookId}: ${last}`));
  const next = tried === undefined ? undefined : nextStep(tried, which);
  if (next !== undefined) terminal.result(`Do next: ${next}`);
  return exit;
}

const GONE = 410;

function nextStep({ lastResult, lastStatus }: WebhookDelivery, { endpointId }: Named): string | undefined {
  if (lastResult === "refused")
    return "its name leads to an address that is not public; --webhook-allow of the core names exceptions.";
  if (lastStatus !== GONE) return undefined;
  return `its receiver is gone for good, it says, so it is paused: countersign admin webhook remove ${endpointId} (or resume).`;
}

async function firstTry(on: AdminGiven, which: Named, webhookId: string): Promise<WebhookDelivery | undefined> {
  for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
    const request = WebhookServiceListDeliveriesRequest.create({ ...which, pageSize: 100 });
    const { deliveries: rows } = await call(on.webhooks.listDeliveries.bind(on.webhooks), request, on.core);
    const found = rows.find((one) => one.webhookId === webhookId);
    if (found !== undefined && found.attempts > 0) return found;
    await pause(PAUSE_MS);
  }
  return undefined;
}

interface Named {
  readonly tenantId: string;
  readonly endpointId: string;
}

async function named(on: AdminGiven, wanted: string, options: TenantOption): Promise<Named> {
  const tenant = await tenantId(on, options.tenant);
  return { tenantId: tenant, endpointId: await endpointIdOf(on, tenant, wanted) };
}
