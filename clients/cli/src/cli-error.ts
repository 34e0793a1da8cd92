import { ExitCode } from "./exit-code.ts";

/** Ends the command with an exit code and sentences for the user: what, where, what to do next. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Bad usage or refused input. */
export function refused(message: string): CliError {
  return new CliError(ExitCode.REFUSED_INPUT, message);
}

/** Something around the command is missing or does not answer. */
export function environment(message: string): CliError {
  return new CliError(ExitCode.ENVIRONMENT, message);
}
