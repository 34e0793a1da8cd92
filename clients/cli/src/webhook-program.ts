import type { Command } from "commander";
import { ofTenant, repeatable, treeOf, type TenantOption } from "./admin/tree.ts";
import { listenCommand, type ListenOptions } from "./command/listen.ts";
import { triggerCommand } from "./command/trigger.ts";
import type { ExitCode } from "./exit-code.ts";
import type { CommandGiven } from "./session.ts";

/** `countersign listen|trigger`: for who develops a receiver of webhooks, at a development core. */
export function addWebhookDevelopment(
  program: Command,
  given: () => CommandGiven,
  finish: (code: ExitCode) => void,
): void {
  const { run } = treeOf(given, finish);
  ofTenant(program.command("listen"))
    .description("forward what webhooks would be told to a program on this machine; of a development core")
    .requiredOption("--forward-to <url>", "such as http://127.0.0.1:3000/countersign")
    .addOption(repeatable("--event <name>", "only this one, such as transaction.executed (default: all)"))
    .action((options: ListenOptions) => run((on) => listenCommand(on, options)));
  ofTenant(program.command("trigger <event>"))
    .description("send a test of this event to every endpoint and listener; of a development core")
    .action((event: string, options: TenantOption) => run((on) => triggerCommand(on, event, options)));
}
