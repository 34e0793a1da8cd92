import { randomBytes } from "node:crypto";
import { commandFields, commandLines, digestOfCommand, Kind, ONCE_LENGTH } from "@countersign/protocol";
import { CoreError } from "@countersign/sdk";
import { CliError, refused } from "../cli-error.ts";
import { ending } from "../ending.ts";
import { ask } from "../exec/ask.ts";
import { checkExecutor, takeOver } from "../exec/carry-out.ts";
import {
  planCommand,
  whatChanged,
  type CommandAsked,
  type CommandPlan,
  type Surroundings,
} from "../exec/command-plan.ts";
import { withExecutor, type Claim } from "../exec/execution.ts";
import { isUnnamed, runCommand, type CommandEnd } from "../exec/run-command.ts";
import { ExitCode } from "../exit-code.ts";
import { Terminal } from "../output/terminal.ts";
import { linesJson, linesText } from "../output/transaction-text.ts";
import type { CommandGiven } from "../session.ts";
import { requestOf } from "./confirm.ts";

/** Options of `countersign exec`. */
export interface ExecOptions {
  readonly env: readonly string[];
  readonly reason?: string;
  readonly key?: string;
  readonly elsewhere?: boolean;
  readonly requestId?: string;
  readonly lifetime?: string;
  readonly mode?: "A" | "B" | "C";
  readonly dryRun?: boolean;
}

/**
 * `countersign exec -- CMD ARGS…`: confirms the command, then runs exactly that. Its exit code is the command's; before the
 * command ran, the table's. stdout is the command's alone: what is told goes to stderr, also with --json.
 */
export async function execCommand(
  words: readonly string[],
  options: ExecOptions,
  outer: () => CommandGiven,
): Promise<number> {
  const { settings, terminal: ours } = outer();
  const terminal = new Terminal({ ...ours.io, stdout: ours.io.stderr }, ours.style);
  const given = { settings, terminal };
  try {
    return await confirmAndRun(words, options, given, ours);
  } catch (error) {
    return ending(error, terminal);
  }
}

async function confirmAndRun(
  words: readonly string[],
  options: ExecOptions,
  given: CommandGiven,
  stdout: Terminal,
): Promise<number> {
  if (words.length === 0) throw refused("expected a command: countersign exec -- CMD ARGS…");
  const { settings, terminal } = given;
  const around: Surroundings = { env: terminal.io.env, folder: () => process.cwd() };
  const once = Uint8Array.from(randomBytes(ONCE_LENGTH));
  const asked: CommandAsked = { words, env: options.env, purpose: options.reason, once };
  const plan = planCommand(asked, around);
  try {
    if (options.dryRun === true) return tellLines(plan, stdout);
    const { run } = plan;
    const meaning = { kind: Kind.RUN, fields: commandFields(run), payload: digestOfCommand(run) };
    const request = requestOf(meaning, options, settings.need("user"));
    return await withExecutor(given, async (executor) => {
      await checkExecutor(executor, given);
      const key = options.elsewhere === true ? undefined : (options.key ?? "default");
      const confirmed = await ask(request, commandLines(run), { key }, given);
      if (typeof confirmed === "number") return confirmed;
      const claim = await takeOver(confirmed, executor, given);
      await begin(claim);
      // The last thing before it runs: who holds back an answer of the core holds no gap open.
      await checkUnchanged(plan, asked, around, claim);
      return await runBegun(plan, claim, confirmed.transactionId, terminal);
    });
  } finally {
    plan.close();
  }
}

function tellLines({ run }: CommandPlan, terminal: Terminal): ExitCode {
  const lines = commandLines(run);
  terminal.record({ state: "DRY_RUN", lines: linesJson(lines) });
  for (const line of linesText(lines, terminal.style.plain)) terminal.result(line);
  return ExitCode.DONE;
}

async function checkUnchanged(
  plan: CommandPlan,
  asked: CommandAsked,
  around: Surroundings,
  claim: Claim,
): Promise<void> {
  const changed = whatChanged(plan, asked, around);
  if (changed === undefined) return;
  await claim.giveUp(`changed after it was shown, so nothing ran: ${changed}`);
  throw new CliError(
    ExitCode.CONTENT_DIFFERS,
    `STOPPED: since it was shown something changed: ${changed}. Nothing was run; look who did that, then ask again`,
  );
}

async function begin(claim: Claim): Promise<void> {
  try {
    await claim.begin();
  } catch (error) {
    await claim.giveUp("it was not begun");
    throw error;
  }
}

async function runBegun(plan: CommandPlan, claim: Claim, transactionId: string, terminal: Terminal): Promise<number> {
  if (isUnnamed(plan)) {
    terminal.progress(
      `${terminal.sign("warning")} others may write where the script lies: it is handed over as /dev/fd/3`,
    );
  }
  terminal.record({ state: "EXECUTING", transactionId });
  const kept = new AbortController();
  const keeping = claim.keep(kept.signal);
  const end = await runCommand(plan);
  kept.abort();
  await keeping;
  const exit = end.began ? end.exit : ExitCode.EXECUTION_FAILED;
  await report(end, claim, transactionId, terminal);
  terminal.record({ state: end.began ? "EXECUTED" : "EXECUTION_FAILED", transactionId, final: true, exit });
  if (!end.began) terminal.error(`confirmed, but ${end.why}; nothing was run`);
  return exit;
}

async function report(end: CommandEnd, claim: Claim, transactionId: string, terminal: Terminal): Promise<void> {
  const detail = !end.began ? end.why : end.signal === undefined ? `exit status ${end.exit}` : `ended by ${end.signal}`;
  try {
    await claim.report(end.began, detail);
  } catch (error) {
    if (!(error instanceof CoreError)) throw error;
    const told = end.began ? "executed" : "failed";
    terminal.error(
      `${detail}, and the core could not be told: it will say that the end is unknown. ` +
        `Once it answers: countersign tx resolve ${transactionId} ${told} --detail "${detail}"`,
    );
  }
}
