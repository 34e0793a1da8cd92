// How every command below `countersign admin` is declared.
import { Option, type Command } from "commander";
import type { ExitCode } from "../exit-code.ts";
import type { CommandGiven } from "../session.ts";
import { withAdmin, type AdminGiven } from "./admin-connection.ts";

/** Runs one command with the administrator's connection. */
export type Run = (work: (on: AdminGiven) => Promise<ExitCode>) => Promise<void>;

/** What the commands are declared with. */
export interface Tree {
  readonly run: Run;
  /** For commands that have another token, or none. */
  readonly given: () => CommandGiven;
  readonly finish: (code: ExitCode) => void;
}

export function treeOf(given: () => CommandGiven, finish: (code: ExitCode) => void): Tree {
  return { given, finish, run: async (work) => finish(await withAdmin(given(), work)) };
}

export interface TenantOption {
  readonly tenant?: string;
}

/** Of what lies in a tenant. */
export function ofTenant(command: Command): Command {
  return command.option("--tenant <tenant>", "its name, issuer or id (default: yours, or the only one)");
}

/** Of lists. */
export function paged(command: Command): Command {
  return command.option("--limit <count>", "rows (default: 20)").option("--all", "every row, page by page");
}

/** Of what loosens. */
export function changing(command: Command): Command {
  return command
    .option("--key <serial>", "which key confirms it, when several are plugged in")
    .option("--no-wait", "leave once your own key is done: exit 25 while others are missing")
    .option("--receipts <folder>", "where the receipt of your key's yes is kept (default: here)");
}

/** Of what draws a token. */
export function drawing(command: Command, what: string): Command {
  return command.requiredOption(
    "--token-out <file>",
    `new file (0600) for ${what}; it is drawn here and printed nowhere`,
  );
}

/** An option that may be given several times, also divided by commas. */
export function repeatable(flags: string, meaning: string): Option {
  return new Option(flags, `${meaning}; repeatable`).argParser(collect);
}

function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), ...value.split(",")];
}
