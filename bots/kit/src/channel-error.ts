/** What is known of a message that was not confirmed (docs/protocol/channel.md, error classes). */
export type Fate = "not-sent" | "unknown" | "permanent";

/** Closed, because it is logged and travels to the core: never text of a provider, which may hold the code. */
export type FailureReason =
  "CHANNEL_DOWN" | "CHANNEL_BLOCKED_BY_USER" | "CHANNEL_IDENTITY_CHANGED" | "CHANNEL_DOES_NOT_FIT";

/** What was observed. Closed for the same reason. */
export type FailureDetail =
  | `http-${number}`
  | `smtp-${number}`
  | `smpp-${number}`
  | "connect"
  | "reset"
  | "timeout"
  | "malformed-answer"
  | "rate-limited"
  | "late"
  | "lease-lost"
  | "shutting-down"
  | "does-not-fit"
  | "malformed-delivery"
  | "chat-not-found"
  | "blocked"
  | "gone"
  | "identity-changed"
  | "not-ready"
  | "not-encrypted"
  | "bug";

/** What follows from the detail alone, unless the adapter names another reason. */
const REASONS: Readonly<Partial<Record<FailureDetail, FailureReason>>> = {
  "does-not-fit": "CHANNEL_DOES_NOT_FIT",
  "identity-changed": "CHANNEL_IDENTITY_CHANGED",
};

interface Failure {
  readonly fate: Fate;
  readonly reason?: FailureReason | undefined;
  readonly detail: FailureDetail;
  /** The provider asked to wait this long before anything else is sent under this identity. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * Why a message was not confirmed by the provider. Carries no cause and no text of the provider: the errors of provider
 * libraries hold the whole request, code and token included.
 */
export class ChannelError extends Error {
  override readonly name: string = "ChannelError";
  readonly fate: Fate;
  readonly reason: FailureReason;
  readonly detail: FailureDetail;
  readonly retryAfterMs: number | undefined;

  constructor(failure: Failure) {
    super(`the message was not confirmed (${failure.fate}): ${failure.detail}`);
    this.fate = failure.fate;
    this.reason = failure.reason ?? REASONS[failure.detail] ?? "CHANNEL_DOWN";
    this.detail = failure.detail;
    this.retryAfterMs = failure.retryAfterMs;
  }
}
