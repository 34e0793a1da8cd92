import { Option, type Command } from "commander";
import {
  AdminServiceDisableBotRequest,
  AdminServiceListBotsRequest,
  AdminServicePauseBotRequest,
  Bot,
} from "@countersign/proto/node/admin/v1/admin_service";
import { call } from "@countersign/sdk";
import type { ExitCode } from "../exit-code.ts";
import type { Column } from "../output/table.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { tokensText } from "./app.ts";
import { addBotTest } from "./bot-test.ts";
import { requestChange, type ChangeOptions } from "./change.ts";
import { botId, tenantId } from "./find.ts";
import { tellList, type ListOptions } from "./list.ts";
import { PLATFORMS } from "./platform.ts";
import { addRotation } from "./rotate.ts";
import { tellDone } from "./tell-done.ts";
import { drawToken } from "./token-file.ts";
import { changing, drawing, ofTenant, paged, type TenantOption, type Tree } from "./tree.ts";

interface BotFilter extends ListOptions, TenantOption {
  readonly name?: string;
  readonly platform?: string;
  readonly disabled?: boolean;
}

const COLUMNS: readonly Column<Bot>[] = [
  { head: "Name", of: ({ name }) => name },
  { head: "Platform", of: ({ platform }) => platform },
  { head: "State", of: stateOf },
  { head: "Attached", of: ({ attached }) => (attached ? "yes" : "no") },
  { head: "Waiting", of: ({ waiting }) => (waiting >= 1000 ? "1000 or more" : String(waiting)) },
  { head: "Tokens", of: ({ tokens }) => tokensText(tokens) },
  { head: "Id", of: ({ botId: id }) => id, isId: true },
];

function stateOf({ disabled, paused }: Bot): string {
  if (disabled) return "disabled";
  return paused ? "paused" : "running";
}

const platformOption = (meaning: string): Option => new Option("--platform <platform>", meaning).choices(PLATFORMS);

/** `countersign admin bot …`. */
export function addBots(admin: Command, tree: Tree): void {
  const { run } = tree;
  const bot = admin.command("bot").description("chat identities of a relying party");
  ofTenant(paged(bot.command("list")))
    .description("by name, with how they are")
    .option("--name <text>", "only those whose name has this in it")
    .addOption(platformOption("only of this platform"))
    .option("--disabled", "also disabled ones")
    .action((options: BotFilter) => run((on) => listBots(on, options)));
  drawing(changing(ofTenant(bot.command("create <name>"))), "its token")
    .description("one more; a change")
    .addOption(platformOption("what it speaks").makeOptionMandatory())
    .action((name: string, options: ChangeOptions & TenantOption & { readonly platform: string; tokenOut: string }) =>
      run(async (on) => {
        const tenant = await tenantId(on, options.tenant);
        const token = drawToken("cs_bot_", options.tokenOut);
        const value = { name, platform: options.platform, tokenSha256: token.sha256 };
        return requestChange(on, { tenantId: tenant, what: { $case: "createBot", value } }, options, { token });
      }),
    );
  addBotStops(bot, tree);
  addBotTest(bot, tree);
  for (const [name, what, meaning] of [
    ["enable", "enableBot", "again; a change"],
    ["resume", "resumeBot", "hands it messages again; a change"],
  ] as const) {
    changing(ofTenant(bot.command(`${name} <bot>`)))
      .description(meaning)
      .action((wanted: string, options: ChangeOptions & TenantOption) =>
        run(async (on) => {
          const tenant = await tenantId(on, options.tenant);
          const value = { botId: await botId(on, tenant, wanted) };
          return requestChange(on, { tenantId: tenant, what: { $case: what, value } }, options);
        }),
      );
  }
  addRotation(bot, tree, {
    noun: "bot",
    prefix: "cs_bot_",
    holder: async (on, tenant, wanted) => ({ $case: "botId", value: await botId(on, tenant, wanted) }),
  });
}

function addBotStops(bot: Command, { run }: Tree): void {
  ofTenant(bot.command("disable <bot>"))
    .description("at once: its tokens open nothing, its chats get nothing")
    .action((wanted: string, options: TenantOption) => run((on) => disableBot(on, wanted, options)));
  ofTenant(bot.command("pause <bot>"))
    .description("at once: it is handed nothing, and still hears vetoes; codes go to the users' next channels")
    .action((wanted: string, options: TenantOption) => run((on) => pauseBot(on, wanted, options)));
}

function listBots(on: AdminGiven, options: BotFilter): Promise<ExitCode> {
  const { name = "", platform = "", disabled = false } = options;
  const filter = { nameContains: name, platform, includeDisabled: disabled };
  return tellList(on, options, {
    ask: async (page) => {
      const tenant = await tenantId(on, options.tenant);
      const request = AdminServiceListBotsRequest.create({ tenantId: tenant, ...filter, ...page });
      const { bots, nextPageToken } = await call(on.admin.listBots.bind(on.admin), request, on.core);
      return { items: bots, nextPageToken };
    },
    columns: COLUMNS,
    type: Bot,
  });
}

async function disableBot(on: AdminGiven, wanted: string, options: TenantOption): Promise<ExitCode> {
  const tenant = await tenantId(on, options.tenant);
  const request = AdminServiceDisableBotRequest.create({ tenantId: tenant, botId: await botId(on, tenant, wanted) });
  const { bot } = await call(on.admin.disableBot.bind(on.admin), request, on.core);
  return tellDone(
    on,
    Bot,
    bot,
    ({ name }) => `bot ${name} is disabled: its tokens open nothing, its chats get nothing`,
  );
}

async function pauseBot(on: AdminGiven, wanted: string, options: TenantOption): Promise<ExitCode> {
  const tenant = await tenantId(on, options.tenant);
  const request = AdminServicePauseBotRequest.create({ tenantId: tenant, botId: await botId(on, tenant, wanted) });
  const { bot } = await call(on.admin.pauseBot.bind(on.admin), request, on.core);
  return tellDone(on, Bot, bot, ({ name }) => `bot ${name} is paused: ${PAUSED}`);
}

const PAUSED = "it is handed nothing; go on: countersign admin bot resume";
