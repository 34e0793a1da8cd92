import { ChannelError, type FailureDetail, type Fate } from "@countersign/bot-kit";
import { TelegramError } from "telegraf";

/**
 * A call to Telegram that did not succeed. Made from telegraf's errors by copying out what is of closed sets: those
 * errors hold the whole request, code included (`on.payload`), and of a broken answer even the bot token.
 */
export class TelegramFailure extends ChannelError {
  override readonly name: string = "TelegramFailure";
  /** HTTP status, or undefined when there was no readable answer. */
  readonly status: number | undefined;
  /** The edit asked for what the message already says. */
  readonly notModified: boolean;

  constructor(what: ConstructorParameters<typeof ChannelError>[0] & { status?: number; notModified?: boolean }) {
    super(what);
    this.status = what.status;
    this.notModified = what.notModified ?? false;
  }
}

// Telegram often asks for 35 s; when it names nothing we do not guess lower than this.
const SILENCE_MS = 5_000;

/** No connection was made: the request cannot have left. */
const NOT_CONNECTED: readonly string[] = [
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EPROTO",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "ERR_TLS_CERT_ALTNAME_INVALID",
];

/** Puts an error of telegraf into its class (docs/protocol/channel.md, error classes). Nothing of its text survives. */
export function classifyFailure(error: unknown): TelegramFailure {
  if (error instanceof TelegramFailure) return error;
  if (error instanceof ChannelError) return new TelegramFailure(error);
  if (error instanceof TelegramError) return classifyAnswer(error);
  const { name, code, type } = error instanceof Error ? (error as NodeJS.ErrnoException & { type?: string }) : {};
  if (name === "AbortError" || name === "TimeoutError") return failure("unknown", "timeout");
  if (typeof code === "string" && NOT_CONNECTED.includes(code)) return failure("not-sent", "connect");
  if (type === "invalid-json" || name === "TypeError" || name === "SyntaxError") {
    return failure("unknown", "malformed-answer");
  }
  return failure("unknown", "reset");
}

function failure(fate: Fate, detail: FailureDetail): TelegramFailure {
  return new TelegramFailure({ fate, detail });
}

function classifyAnswer({ code: status, description, parameters }: TelegramError): TelegramFailure {
  if (status === 429) {
    const seconds = parameters?.retry_after;
    const retryAfterMs = typeof seconds === "number" && seconds > 0 ? seconds * 1000 : SILENCE_MS;
    return new TelegramFailure({ fate: "not-sent", detail: "rate-limited", status, retryAfterMs });
  }
  if (typeof status !== "number") return failure("unknown", "malformed-answer");
  if (status >= 500) {
    return new TelegramFailure({ fate: "unknown", detail: `http-${status}`, status });
  }
  const blocked = { fate: "permanent", reason: "CHANNEL_BLOCKED_BY_USER", status } as const;
  if (status === 403) return new TelegramFailure({ ...blocked, detail: "blocked" });
  if (status === 400 && /chat not found|user not found|PEER_ID_INVALID/i.test(description)) {
    return new TelegramFailure({ ...blocked, detail: "chat-not-found" });
  }
  if (status === 400 && /message is not modified/i.test(description)) {
    return new TelegramFailure({ fate: "not-sent", detail: "http-400", status, notModified: true });
  }
  // The user deleted the notice. The whole message does not follow as a new one: its push preview would show the code.
  if (status === 400 && /message to edit not found|message can't be edited|MESSAGE_ID_INVALID/i.test(description)) {
    return new TelegramFailure({ fate: "permanent", detail: "gone", status });
  }
  return new TelegramFailure({ fate: "not-sent", detail: `http-${status}`, status });
}
