import { Command, Option } from "commander";
import { addAdmin } from "./admin/admin-program.ts";
import { treeOf } from "./admin/tree.ts";
import { addAuditFiles } from "./audit/audit-program.ts";
import { approveCommand } from "./command/approve.ts";
import { confirmCommand } from "./command/confirm.ts";
import { addHosts } from "./host-program.ts";
import { doctorCommand, type DoctorOptions } from "./command/doctor.ts";
import { linkCommand } from "./command/link.ts";
import { txDeliveryCommand } from "./command/tx-delivery.ts";
import { payCommand } from "./command/pay.ts";
import { setupCommand } from "./command/setup.ts";
import { thawCommand } from "./command/thaw.ts";
import { txCancelCommand, txGetCommand, txListCommand, txResolveCommand, txWatchCommand } from "./command/tx.ts";
import { addReceipts } from "./receipt/receipt-program.ts";
import { addKeys } from "./key-program.ts";
import { Terminal, type Io } from "./output/terminal.ts";
import type { CommandGiven } from "./session.ts";
import { SETTINGS } from "./settings/setting.ts";
import { readSettings } from "./settings/settings.ts";
import { addWebhookDevelopment } from "./webhook-program.ts";

type Flags = Readonly<Record<string, string | undefined>>;

/** The whole command line. `finish` gets the exit code of the command that ran. */
export function buildProgram(io: Io, finish: (code: number) => void): Command {
  const program = new Command("countersign")
    .description(
      "Confirms transactions when this PC cannot be trusted: your key shows and signs, your phone gives the code",
    )
    .version("0.1.0")
    .option("--config <file>", "configuration file (default: XDG place, or COUNTERSIGN_CONFIG)")
    .option("--json", "one JSON object a line on stdout")
    .option("--plain", "no signs, colours or moving parts, for screen readers");
  for (const { flag, meaning } of Object.values(SETTINGS)) {
    program.addOption(new Option(`${flag} <value>`, meaning).helpGroup("Settings:"));
  }
  const given = (): CommandGiven => {
    const flags = flagsOf(program);
    const { json = false, plain = false } = program.opts<{ json?: boolean; plain?: boolean }>();
    return { settings: readSettings(flags, io.env), terminal: new Terminal(io, { json, plain }) };
  };
  addConfirming(program, given, finish);
  addHosts(program, given, finish);
  addTransactions(program, given, finish);
  program
    .command("approve [transaction]")
    .description(
      "take to your key what another host or person asked for: its two words or id; without: what waits for you",
    )
    .option("--key <serial>", "which key, when several are plugged in")
    .action(async (which: string | undefined, options: { key?: string }) =>
      finish(await approveCommand(which, options, given())),
    );
  addKeys(program, given, finish);
  addAdmin(program, given, finish);
  addWebhookDevelopment(program, given, finish);
  program
    .command("link <platform>")
    .description("link a chat, mail address or phone number as the second channel")
    .option("--key <serial>", "which key, when several are plugged in")
    .option("--address <address>", "of mail and sms: where the messages go")
    .action(async (platform: string, options: { key?: string; address?: string }) =>
      finish(await linkCommand(platform, options, given())),
    );
  program
    .command("thaw")
    .description("free your frozen or blocked confirmations by your own key")
    .option("--key <serial>", "which key, when several are plugged in")
    .action(async (options: { key?: string }) => finish(await thawCommand(options, given())));
  addReceipts(program, given, finish);
  const audit = program.command("audit").description("the history of the core, held against what it signed");
  addAuditFiles(audit, treeOf(given, finish));
  program
    .command("setup")
    .description("pin core, server id, keys and files in the configuration file")
    .option("--force", "replace a pinned core")
    .action(async (options: { force?: boolean }) => finish(await setupCommand(options, flagsOf(program), given())));
  program
    .command("doctor")
    .description("look at everything a confirmation needs; each finding ends with its fix")
    .option("--server", "at a core on this host, for operators, in place of this PC")
    .option("--data <folder>", "of the core")
    .option("--secrets <folder>", "of the core")
    .option("--monitoring <url>", "where the core answers /readyz, such as http://127.0.0.1:9464")
    .option("--web <address>", "where the core serves pages, host:port")
    .option("--store <url>", "redis[s]://[user@]host[:port],… of the core, in place of a folder of data")
    .option("--store-password-file <file>", "of the core")
    .option("--store-ca <file>", "of the core")
    .option("--audit", "read all of the history, and hold it against what the core signed")
    .option("--head <file...>", "with --audit: signed heads that were kept elsewhere")
    .option("--pages <address>", "of this PC: where the daemon answers web pages, such as 127.0.0.1:7411")
    .action(async (options: DoctorOptions) => finish(await doctorCommand(options, given())));
  return program;
}

/** Settings given as flags, by setting. */
function flagsOf(program: Command): Flags {
  const given = program.opts<Record<string, string | undefined>>();
  const rows = Object.entries(SETTINGS).map(([key, { flag }]) => [key, given[new Option(flag).attributeName()]]);
  return { config: given["config"], ...(Object.fromEntries(rows) as Flags) };
}

type Given = () => CommandGiven;
type Finish = (code: number) => void;

/** Options of commands that take a transaction to the key. */
function confirming(command: Command): Command {
  return command
    .option("--key <serial>", '"default", or which one when several are plugged in', "default")
    .addOption(new Option("--until <state>", "when it is over").choices(["executed", "confirmed"]).default("executed"))
    .option("--wait", "where others have to approve as well, stay until they have")
    .option("--repeat <id>", "the same was asked before under this id, and is meant twice")
    .option("--request-id <id>", "makes running the command again harmless (default: drawn)")
    .option("--lifetime <seconds>", "wished time to confirm, 1 to 600")
    .addOption(
      new Option("--mode <mode>", "who shows the transaction, if stricter than the policy").choices(["A", "B", "C"]),
    )
    .option("--receipts <folder>", "where the receipt is kept (default: here)")
    .option("--verify-first [pin|finger]", "PIN or finger on the key before anything is sent")
    .option("--dry-run", "only show the lines that key and phone would show");
}

function addConfirming(program: Command, given: Given, finish: Finish): void {
  confirming(program.command("pay <file>"))
    .description("confirm the payments of a pain.001 file (.03 or .09)")
    .action(async (file: string, options: Record<string, never>) => finish(await payCommand(file, options, given())));
  confirming(program.command("confirm <kind>"))
    .description("confirm any transaction from typed fields")
    .option("--field <label=value>", "one line, in the order of display; repeatable", collect, [])
    .option("--payload <file>", "what will run or be booked; its SHA-256 is shown and signed")
    .action(async (kind: string, options: { field: string[] }) => finish(await confirmCommand(kind, options, given())));
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

function addTransactions(program: Command, given: Given, finish: Finish): void {
  const tx = program.command("tx").description("transactions of the user (app token)");
  tx.command("list")
    .description("newest first")
    .option("--limit <count>", "1 to 100", "20")
    .action(async (options: { limit: string }) => finish(await txListCommand(options, given())));
  tx.command("get <id>")
    .description("one transaction as it stands")
    .action(async (id: string) => finish(await txGetCommand(id, given())));
  tx.command("watch <id>")
    .description("every state until it is over")
    .action(async (id: string) => finish(await txWatchCommand(id, given())));
  tx.command("delivery <id>")
    .description("what happened to its messages, channel by channel")
    .option("--watch", "go on until the last message was dealt with")
    .action(async (id: string, options: { watch?: boolean }) => finish(await txDeliveryCommand(id, options, given())));
  tx.command("resolve <id> <ended>")
    .description("say how it ended, executed or failed, where nobody could report it (execute token)")
    .option("--detail <text>", "how that was found out; told to the user")
    .action(async (id: string, ended: string, options: { detail?: string }) =>
      finish(await txResolveCommand(id, ended, options, given())),
    );
  tx.command("cancel <id>")
    .description("withdraw it")
    .option("--reason <text>", "told to the user")
    .action(async (id: string, options: { reason?: string }) => finish(await txCancelCommand(id, options, given())));
}
