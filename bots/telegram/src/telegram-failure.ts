import { ChannelError, type FailureDetail, type Fate } from "@countersign/bot-kit";

/**
 * A call to Telegram that did not succeed. Holds what is of closed sets and nothing that Telegram, a proxy or the request
 * said in words.
 */
export class TelegramFailure extends ChannelError {
  override readonly name: string = "TelegramFailure";
  /** Telegram's error code, or undefined when there was no readable answer. */
  readonly status: number | undefined;
  /** The edit asked for what the message already says. */
  readonly notModified: boolean;
  /** Updates go to a webhook: nobody can poll. */
  readonly webhookActive: boolean;

  constructor(
    what: ConstructorParameters<typeof ChannelError>[0] & {
      status?: number;
      notModified?: boolean;
      webhookActive?: boolean;
    },
  ) {
    super(what);
    this.status = what.status;
    this.notModified = what.notModified ?? false;
    this.webhookActive = what.webhookActive ?? false;
  }
}

// Telegram often asks for 35 s; when it names no time we do not guess lower than this.
const SILENCE_MS = 5_000;
// The time named is the provider's to choose, or a proxy's: no answer silences this identity for longer than an hour.
const SHORTEST_SILENCE_MS = 1_000;
const LONGEST_SILENCE_MS = 3_600_000;

/** Anything thrown on the way to Telegram. Nothing of its text survives. */
export function classifyFailure(error: unknown): TelegramFailure {
  if (error instanceof TelegramFailure) return error;
  if (error instanceof ChannelError) return new TelegramFailure(error);
  const aborted = error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError");
  return new TelegramFailure({ fate: "unknown", detail: aborted ? "timeout" : "bug" });
}

/** What Telegram says of a call that it refused. Every member is whatever the other side sent. */
export interface RefusedAnswer {
  readonly error_code?: unknown;
  readonly description?: unknown;
  readonly parameters?: unknown;
}

/** Puts a refusal into its class. */
export function classifyRefusal(answer: RefusedAnswer): TelegramFailure {
  const { error_code: status, parameters } = answer;
  const description = typeof answer.description === "string" ? answer.description : "";
  if (typeof status !== "number" || !Number.isSafeInteger(status) || status < 300 || status > 599) {
    return new TelegramFailure({ fate: "unknown", detail: "malformed-answer" });
  }
  const what = { status, detail: `http-${status}` } as const;
  if (status >= 500 || status < 400) return new TelegramFailure({ ...what, fate: "unknown" });
  if (status === 429) {
    const retryAfterMs = silence(parameters);
    return new TelegramFailure({ fate: "not-sent", detail: "rate-limited", status, retryAfterMs });
  }
  if (status === 403) return permanent(status, "blocked");
  if (status === 409) {
    return new TelegramFailure({ ...what, fate: "not-sent", webhookActive: /webhook is active/i.test(description) });
  }
  return status === 400 ? classifyBadRequest(description) : new TelegramFailure({ ...what, fate: "not-sent" });
}

// An unexpected 400 is a bug of ours: reported as not sent, repeated in vain until the deadline, and seen in the figures.
function classifyBadRequest(description: string): TelegramFailure {
  const status = 400;
  if (/chat not found|user not found|PEER_ID_INVALID|upgraded to a supergroup|deactivated/i.test(description)) {
    return permanent(status, "chat-not-found");
  }
  if (/message is not modified/i.test(description)) {
    return new TelegramFailure({ fate: "not-sent", detail: "http-400", status, notModified: true });
  }
  // The user deleted the notice. The whole message does not follow as a new one: its push preview would show the code.
  if (/message to edit not found|message can't be edited|MESSAGE_ID_INVALID/i.test(description)) {
    return new TelegramFailure({ fate: "permanent", detail: "gone", status });
  }
  return new TelegramFailure({ fate: "not-sent", detail: "http-400", status });
}

function permanent(status: number, detail: FailureDetail): TelegramFailure {
  const fate: Fate = "permanent";
  return new TelegramFailure({ fate, reason: "CHANNEL_BLOCKED_BY_USER", detail, status });
}

function silence(parameters: unknown): number {
  const named = typeof parameters === "object" && parameters !== null ? parameters : {};
  const seconds: unknown = Reflect.get(named, "retry_after");
  if (typeof seconds !== "number" || !(seconds > 0)) return SILENCE_MS;
  return Math.ceil(Math.min(Math.max(seconds * 1000, SHORTEST_SILENCE_MS), LONGEST_SILENCE_MS));
}
