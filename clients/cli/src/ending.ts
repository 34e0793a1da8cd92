import { ProtocolError } from "@countersign/protocol";
import { CoreError } from "@countersign/sdk";
import { CliError } from "./cli-error.ts";
import { ExitCode } from "./exit-code.ts";
import type { Terminal } from "./output/terminal.ts";

/** Tells what ended a command, and its exit code. */
export function ending(error: unknown, terminal: Terminal): ExitCode {
  const { code, message } = endingOf(error);
  terminal.record({ state: "ERROR", final: true, exit: code, message });
  terminal.error(message);
  return code;
}

function endingOf(error: unknown): { readonly code: ExitCode; readonly message: string } {
  if (error instanceof CliError) return { code: error.exitCode, message: error.message };
  if (error instanceof CoreError) return coreEnding(error);
  if (error instanceof ProtocolError)
    return { code: ExitCode.UNVERIFIED, message: `the core's answer is refused: ${error.message}` };
  const message = error instanceof Error ? error.message : String(error);
  return { code: ExitCode.ENVIRONMENT, message };
}

function coreEnding(error: CoreError): { readonly code: ExitCode; readonly message: string } {
  if (error.isOutage) {
    const message =
      "the core does not answer; if a transaction was created, see it with countersign tx list before you repeat it";
    return { code: ExitCode.ENVIRONMENT, message };
  }
  const fields = error.violations.map(({ field, description }) => `${field}: ${description}`);
  if (fields.length > 0) return { code: ExitCode.REFUSED_INPUT, message: fields.join("\n") };
  return {
    code: REASON_EXIT[error.reason] ?? ExitCode.ENVIRONMENT,
    message: `the core refused: ${[error.reason, error.message].filter((text) => text !== "").join(": ")}`,
  };
}

const REASON_EXIT: Readonly<Record<string, ExitCode>> = {
  RATE_LIMITED: ExitCode.BUSY,
  BUSY: ExitCode.BUSY,
  USER_BLOCKED: ExitCode.USER_BLOCKED,
  NOT_CONFIRMED: ExitCode.NOT_CONFIRMED,
  ATTESTATION_UNTRUSTED: ExitCode.NOT_CONFIRMED,
  STATE_CONFLICT: ExitCode.NOT_CONFIRMED,
  UNKNOWN_TRANSACTION: ExitCode.REFUSED_INPUT,
  NOT_FOUND: ExitCode.REFUSED_INPUT,
  ALREADY_EXISTS: ExitCode.REFUSED_INPUT,
  BAD_INPUT: ExitCode.REFUSED_INPUT,
  ENDED: ExitCode.EXPIRED,
};
