import { pino } from "pino";
import type { FailureDetail, Fate } from "./channel-error.ts";

/**
 * Everything a bot can log. The union is closed and its strings are of closed sets or made by us, so that no code,
 * token, text of a user or message of a provider has a field to stand in.
 */
export type LogEvent =
  | { readonly event: "attached"; readonly fence: string; readonly leaseMs: number }
  | { readonly event: "detached"; readonly status: number; readonly retryInMs: number }
  | { readonly event: "lease-lost" }
  | { readonly event: "delivered"; readonly phase: string; readonly ms: number }
  | { readonly event: "not-delivered"; readonly phase: string; readonly fate: Fate; readonly detail: FailureDetail }
  | { readonly event: "stale-fence" }
  | { readonly event: "event-dropped"; readonly kind: string }
  | { readonly event: "reply-not-delivered"; readonly detail: FailureDetail }
  | { readonly event: "listening" }
  | { readonly event: "listening-failed"; readonly detail: FailureDetail; readonly retryInMs: number }
  | { readonly event: "update-failed"; readonly errorName: ErrorName }
  | { readonly event: "group-left" }
  | { readonly event: "stopping" }
  | { readonly event: "stopped" };

/** Names of errors that are ours or the language's; anything else is "Error". */
export type ErrorName = "TypeError" | "RangeError" | "SyntaxError" | "ChannelError" | "TimeoutError" | "Error";

const NAMES: readonly string[] = ["TypeError", "RangeError", "SyntaxError", "ChannelError", "TimeoutError"];

/** The name of an error as far as it can be logged: messages of providers' libraries hold requests and tokens. */
export function errorName(error: unknown): ErrorName {
  return error instanceof Error && NAMES.includes(error.name) ? (error.name as ErrorName) : "Error";
}

const WARNINGS: readonly LogEvent["event"][] = [
  "detached",
  "lease-lost",
  "not-delivered",
  "stale-fence",
  "event-dropped",
  "reply-not-delivered",
  "listening-failed",
  "update-failed",
];

/** Where a bot tells how it fares. */
export interface BotLog {
  write(event: LogEvent): void;
}

/** JSON lines on standard error (standard output is for the readiness line), through pino. */
export function openLog(platform: string): BotLog {
  const logger = pino(
    { base: { platform }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 2, sync: true }),
  );
  return {
    write: (event) => {
      if (WARNINGS.includes(event.event)) logger.warn(event);
      else logger.info(event);
    },
  };
}

/** Keeps nothing. */
export const silentLog: BotLog = { write: () => undefined };
