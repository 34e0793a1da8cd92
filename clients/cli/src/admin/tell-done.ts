import { CliError } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { messageJson, type MessageType } from "./message-json.ts";

/** What acted at once: one object with --json, one sentence else. */
export function tellDone<T extends object>(
  { given: { terminal } }: AdminGiven,
  type: MessageType<T>,
  message: T | undefined,
  sentence: (message: T) => string,
): ExitCode {
  if (message === undefined) throw new CliError(ExitCode.UNVERIFIED, "the core's answer is empty");
  terminal.record(messageJson(type, message));
  terminal.result(`  ${terminal.sign("done")} ${printable(sentence(message))}`);
  return ExitCode.DONE;
}
