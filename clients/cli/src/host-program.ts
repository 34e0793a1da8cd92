import { Option, type Command } from "commander";
import { execCommand, type ExecOptions } from "./command/exec.ts";
import { gateCommand, type GateOptions } from "./command/gate.ts";
import type { CommandGiven } from "./session.ts";

const MODE = "who shows the transaction, if stricter than the policy";

/** Commands of hosts that carry out what their users confirm: one command, one passage. */
export function addHosts(program: Command, given: () => CommandGiven, finish: (code: number) => void): void {
  addExec(program, given, finish);
  addGate(program, given, finish);
}

function addExec(program: Command, given: () => CommandGiven, finish: (code: number) => void): void {
  program
    .command("exec [command...]")
    .usage("[options] -- <command> [arguments...]")
    .description("confirm a command, then run exactly what was shown; its exit code is the command's")
    .option("--env <name>", "NAME or NAME=value: shown, and handed on to the command; repeatable", collect, [])
    .option("--reason <text>", "why, for whoever reads it on key and phone")
    .option("--key <serial>", "which key, when several are plugged in (default: the only one)")
    .option("--elsewhere", "the key is not here: taken up by countersign approve on another machine")
    .option("--request-id <id>", "under which nothing else was or will be run (default: drawn)")
    .option("--lifetime <seconds>", "wished time to confirm, 1 to 600")
    .addOption(new Option("--mode <mode>", MODE).choices(["A", "B", "C"]))
    .option("--dry-run", "only show the lines that key and phone would show")
    .action(async (words: string[], options: ExecOptions) => finish(await execCommand(words, options, given)));
}

function addGate(program: Command, given: () => CommandGiven, finish: (code: number) => void): void {
  program
    .command("gate")
    .description("let a pipeline, a hook or a login pass once, when its user has confirmed it with his key elsewhere")
    .option("--target <name>", "what is deployed, or where to")
    .option("--commit <sha>", "which version of it")
    .option("--who <name>", "who asks for it")
    .option("--environment <name>", "such as production")
    .option("--reason <text>", "why, for whoever reads it on key and phone")
    .option("--payload <file>", "what goes out; its SHA-256 is shown and signed")
    .option("--id <run>", "of the run: shown, and never lets pass twice (default: none)")
    .option("--kind <kind>", "of the transaction", "deploy")
    .option("--field <label=value>", "one more line; repeatable", collect, [])
    .addOption(
      new Option("--until <state>", "confirmed: somebody else opens it").choices(["open", "confirmed"]).default("open"),
    )
    .option("--timeout <seconds>", "withdrawn then (default: as long as it lives)")
    .option("--lifetime <seconds>", "wished time to confirm, 1 to 600 (default: the timeout)")
    .option("--key <serial>", "a key on this machine after all: its serial, or default")
    .addOption(new Option("--mode <mode>", MODE).choices(["A", "B", "C"]))
    .option("--repeat <id>", "the same was asked before under this id, and is meant twice")
    .option("--receipts <folder>", "keep the receipt there")
    .option("--token-out <file>", "new file (0600) for the token that countersign approve takes instead of an app's")
    .option("--dry-run", "only show the lines that key and phone would show")
    .action(async (options: GateOptions) => finish(await gateCommand(options, given())));
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
