import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import {
  Webhook,
  WebhookServiceCreateRequest,
  WebhookServiceListRequest,
  WebhookServicePauseRequest,
  WebhookServiceRemoveRequest,
  WebhookServiceResumeRequest,
  WebhookServiceRotateRequest,
} from "@countersign/proto/node/admin/v1/webhook_service";
import { call } from "@countersign/sdk";
import { CliError } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { momentText } from "../output/moment-text.ts";
import { printable } from "../output/printable.ts";
import { tableLines, type Column } from "../output/table.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { tenantId } from "./find.ts";
import { messageJson } from "./message-json.ts";
import { tellDone } from "./tell-done.ts";
import { writeNewFile } from "./token-file.ts";
import { ofTenant, repeatable, type TenantOption, type Tree } from "./tree.ts";
import { endpointIdOf, endpointOf } from "./webhook-find.ts";
import { addMessages } from "./webhook-messages.ts";
import { stateText } from "./webhook-state.ts";

interface SecretOption extends TenantOption {
  readonly secretOut?: string;
}

interface AddOptions extends SecretOption {
  readonly event?: readonly string[];
  readonly for?: string;
  readonly requestId?: string;
}

const COLUMNS: readonly Column<Webhook>[] = [
  { head: "URL", of: ({ url }) => url },
  { head: "Events", of: ({ events }) => (events.length === 0 ? "all" : events.join(" ")) },
  { head: "State", of: stateText },
  { head: "Waiting", of: ({ waiting }) => countText(waiting) },
  { head: "Dead", of: ({ dead }) => countText(dead) },
  { head: "For", of: ({ description }) => description },
  { head: "Since", of: ({ createdAt }) => momentText(createdAt) },
  { head: "Id", of: ({ endpointId }) => endpointId, isId: true },
];

const countText = (count: number): string => (count >= 1000 ? "1000 or more" : String(count));

/** `countersign admin webhook …`. */
export function addWebhooks(admin: Command, tree: Tree): void {
  const { run } = tree;
  const webhook = admin
    .command("webhook")
    .description("places that are told when a transaction moves; a hint, no right");
  withSecret(ofTenant(webhook.command("add <url>")))
    .description("one more: https://, told from now on; its signing secret is told once")
    .addOption(repeatable("--event <name>", "only this one, such as transaction.executed (default: all)"))
    .option("--for <text>", "what it is for")
    .option("--request-id <id>", "makes running the command again harmless (default: drawn)")
    .action((url: string, options: AddOptions) => run((on) => add(on, url, options)));
  ofTenant(webhook.command("list"))
    .description("oldest first, with what waits and what was given up")
    .action((options: TenantOption) => run((on) => list(on, options)));
  withSecret(ofTenant(webhook.command("rotate <endpoint>")))
    .description("a new signing secret, told once; the one before signs along for 24 hours")
    .action((wanted: string, options: SecretOption) => run((on) => rotate(on, wanted, options)));
  ofTenant(webhook.command("pause <endpoint>"))
    .description("at once: nothing is posted; what happens meanwhile is told after resume")
    .action((wanted: string, options: TenantOption) => run((on) => pause(on, wanted, options)));
  ofTenant(webhook.command("resume <endpoint>"))
    .description("told again, from where it was paused on")
    .action((wanted: string, options: TenantOption) => run((on) => resume(on, wanted, options)));
  ofTenant(webhook.command("remove <endpoint>"))
    .description("at once: with its secret and what waits for it")
    .action((wanted: string, options: TenantOption) => run((on) => remove(on, wanted, options)));
  addMessages(webhook, tree);
}

function withSecret(command: Command): Command {
  return command.option("--secret-out <file>", "new file (0600) for the signing secret, which is printed nowhere then");
}

async function add(on: AdminGiven, url: string, options: AddOptions): Promise<ExitCode> {
  const { event: events = [], for: description = "", requestId = randomUUID() } = options;
  const tenant = await tenantId(on, options.tenant);
  const request = WebhookServiceCreateRequest.create({
    ...{ tenantId: tenant, requestId, url, events: [...events], description },
  });
  const answer = await call(on.webhooks.create.bind(on.webhooks), request, on.core);
  return tellSecret(on, answer, options, ({ endpointId }) => `endpoint ${endpointId} is told from now on`);
}

async function rotate(on: AdminGiven, wanted: string, options: SecretOption): Promise<ExitCode> {
  const tenant = await tenantId(on, options.tenant);
  const { endpointId, generation } = await endpointOf(on, tenant, wanted);
  const request = WebhookServiceRotateRequest.create({ tenantId: tenant, endpointId, fromGeneration: generation });
  const answer = await call(on.webhooks.rotate.bind(on.webhooks), request, on.core);
  const sentence = ({ previousUntil }: Webhook): string =>
    `the secret is of generation ${generation + 1}; the one before signs along until ${momentText(previousUntil)}`;
  return tellSecret(on, answer, options, sentence);
}

/** The one moment at which the secret is told. */
function tellSecret(
  on: AdminGiven,
  { webhook, secret }: { readonly webhook: Webhook | undefined; readonly secret: string },
  { secretOut }: SecretOption,
  sentence: (webhook: Webhook) => string,
): ExitCode {
  const { terminal } = on.given;
  if (webhook === undefined) throw new CliError(ExitCode.UNVERIFIED, "the core's answer is empty");
  if (secretOut !== undefined) writeNewFile(secretOut, `${secret}\n`);
  const told = secretOut === undefined ? { secret } : { secretOut };
  terminal.record({ ...messageJson(Webhook, webhook), ...told });
  terminal.result(`  ${terminal.sign("done")} ${printable(sentence(webhook))}`);
  if (secretOut === undefined) terminal.result(`Signing secret, told once: ${secret}`);
  else terminal.result(printable(`Signing secret: ${secretOut}`));
  return ExitCode.DONE;
}

async function list(on: AdminGiven, options: TenantOption): Promise<ExitCode> {
  const { terminal } = on.given;
  const request = WebhookServiceListRequest.create({ tenantId: await tenantId(on, options.tenant) });
  const { webhooks } = await call(on.webhooks.list.bind(on.webhooks), request, on.core);
  for (const webhook of webhooks) terminal.record(messageJson(Webhook, webhook));
  for (const line of tableLines(COLUMNS, webhooks, terminal)) terminal.result(line);
  if (webhooks.length === 0) terminal.progress("none");
  return ExitCode.DONE;
}

async function pause(on: AdminGiven, wanted: string, options: TenantOption): Promise<ExitCode> {
  const request = WebhookServicePauseRequest.create(await named(on, wanted, options));
  const { webhook } = await call(on.webhooks.pause.bind(on.webhooks), request, on.core);
  return tellDone(on, Webhook, webhook, ({ url }) => `${url} is told nothing; go on: countersign admin webhook resume`);
}

async function resume(on: AdminGiven, wanted: string, options: TenantOption): Promise<ExitCode> {
  const request = WebhookServiceResumeRequest.create(await named(on, wanted, options));
  const { webhook } = await call(on.webhooks.resume.bind(on.webhooks), request, on.core);
  return tellDone(on, Webhook, webhook, ({ url }) => `${url} is told again, also what happened meanwhile`);
}

async function remove(on: AdminGiven, wanted: string, options: TenantOption): Promise<ExitCode> {
  const { terminal } = on.given;
  const which = await named(on, wanted, options);
  await call(on.webhooks.remove.bind(on.webhooks), WebhookServiceRemoveRequest.create(which), on.core);
  terminal.record({ endpointId: which.endpointId, removed: true });
  terminal.result(`  ${terminal.sign("done")} endpoint ${which.endpointId} is gone, with what waited for it`);
  return ExitCode.DONE;
}

async function named(on: AdminGiven, wanted: string, options: TenantOption) {
  const tenant = await tenantId(on, options.tenant);
  return { tenantId: tenant, endpointId: await endpointIdOf(on, tenant, wanted) };
}
