import { pino, type DestinationStream, type Logger } from "pino";

/**
 * What a log line may carry. Codes, PINs and tokens live in classes of their own that are none of these, so that writing
 * one is a compile error; at run time they print as their name.
 */
export type LogValue = string | number | boolean | bigint | Error | undefined;
export type LogFields = Readonly<Record<string, LogValue>>;
type Write = (fields: LogFields, message: string) => void;

/** Where the core logs. A pino logger fits; nobody outside log.ts needs to know that it is one. */
export interface Log {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
}

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** JSON lines on stderr, unless told otherwise: stdout belongs to the readiness line. */
export function openLog(level: LogLevel, destination: DestinationStream = process.stderr): Log {
  const logger = pino({ level, base: {}, messageKey: "message", serializers: {} }, destination);
  return {
    debug: writeTo(logger, "debug"),
    info: writeTo(logger, "info"),
    warn: writeTo(logger, "warn"),
    error: writeTo(logger, "error"),
  };
}

function writeTo(logger: Logger, level: "debug" | "info" | "warn" | "error"): Write {
  return (fields, message) => {
    if (!logger.isLevelEnabled(level)) return;
    const plain = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plainOf(value)]));
    logger[level](plain, withoutTokens(message));
  };
}

/** Also for values that got here past the compiler: an object prints as its class. */
function plainOf(value: unknown): string | number | boolean | object | undefined {
  switch (typeof value) {
    case "string":
      return withoutTokens(value);
    case "number":
    case "boolean":
    case "undefined":
      return value;
    case "bigint":
      return String(value);
    case "object":
    case "function":
    case "symbol":
      return value instanceof Error ? errorOf(value) : `[${nameOfClass(value)}]`;
  }
}

function errorOf(error: Error): object {
  return { name: error.name, message: quotable(error.message), stack: quotable(error.stack ?? ""), ...causeOf(error) };
}

/** An error of somebody else's code may quote what it was given: digits that could be a code, a PIN or token digits are masked too. */
function quotable(text: string): string {
  return withoutTokens(text).replaceAll(/(?<![0-9A-Fa-f])(?:[0-9]{4,10}|[0-9]{16})(?![0-9A-Fa-f])/g, "[digits]");
}

function causeOf(error: Error): object {
  return error.cause instanceof Error ? { cause: errorOf(error.cause) } : {};
}

function nameOfClass(value: unknown): string {
  if (typeof value !== "object" || value === null) return typeof value;
  return value.constructor?.name ?? "object";
}

/** Tokens come in as strings: whatever looks like one is masked, should a message ever quote one. */
function withoutTokens(text: string): string {
  return text.replaceAll(/\bcs_[a-z]+_[A-Za-z0-9_-]{8,}/g, "[token]");
}
