import { ChannelError } from "@countersign/bot-kit";

/** How far one mail was when something went wrong. */
export type Moment =
  /** Connecting, TLS, greeting, credentials. */
  | "opening"
  /** MAIL, RCPT and DATA: no byte of the mail has left, so no server can have taken it. */
  | "envelope"
  /** The mail's bytes are leaving or have left. */
  | "content";

/** What the server or its certificate will not change by itself. */
export type SetupFault = "credentials" | "certificate" | "no-starttls" | "no-auth";

/**
 * A mail that was not confirmed. Made from nodemailer's errors by copying out what is of closed sets: those errors hold
 * the server's text, which may repeat anything it was sent.
 */
export class SmtpFailure extends ChannelError {
  override readonly name: string = "SmtpFailure";
  readonly setupFault: SetupFault | undefined;

  constructor(what: ConstructorParameters<typeof ChannelError>[0] & { setupFault?: SetupFault }) {
    super(what);
    this.setupFault = what.setupFault;
  }
}

/** As far as they are read; whatever they hold besides stays behind. */
interface NodemailerError {
  readonly code?: unknown;
  readonly originalCode?: unknown;
  readonly responseCode?: unknown;
  readonly response?: unknown;
  readonly command?: unknown;
}

/** 421 is about the server, not about one mail: it gets a pause. */
const SILENCE_MS = 2_000;

const CERTIFICATE: readonly string[] = [
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "ERR_TLS_CERT_ALTNAME_INVALID",
];

/** Refusals of credentials (RFC 4954); others, such as 454, pass. */
const BAD_CREDENTIALS: readonly number[] = [530, 534, 535, 538];
/** Said at RCPT, these are about the mailbox. */
const NO_SUCH_MAILBOX: readonly number[] = [550, 551, 553];

/** Puts an error of nodemailer into its class (docs/how-to/mail-bot.md, failures). Nothing of its text survives. */
export function classifyFailure(error: unknown, moment: Moment): ChannelError {
  if (error instanceof ChannelError) return error;
  const { code, responseCode, command } = (typeof error === "object" && error !== null ? error : {}) as NodemailerError;
  const status = typeof responseCode === "number" ? responseCode : undefined;
  if (moment === "content") {
    // Only a whole answer to the final dot says what became of the mail.
    const answered = code === "EMESSAGE" && command === "DATA";
    if (!answered) return lost("unknown", code);
    if (status === undefined || status < 400 || status > 599) {
      return new SmtpFailure({ fate: "unknown", detail: "malformed-answer" });
    }
    return refusal(status, "content", "");
  }
  // The server said in its greeting how much it takes.
  if (code === "EMESSAGE") return new SmtpFailure({ fate: "permanent", detail: "does-not-fit" });
  if (status !== undefined && status >= 400 && status <= 599) return refused(error as NodemailerError, status, moment);
  const setupFault = findSetupFault(error as NodemailerError);
  if (setupFault !== undefined) return new SmtpFailure({ fate: "not-sent", detail: "connect", setupFault });
  if (moment === "opening" && code !== "ETIMEDOUT") return new SmtpFailure({ fate: "not-sent", detail: "connect" });
  return lost("not-sent", code);
}

function refused(error: NodemailerError, status: number, moment: "opening" | "envelope"): SmtpFailure {
  const command = typeof error.command === "string" ? error.command : "";
  if (moment === "envelope" && /^(?:MAIL FROM|RCPT TO|DATA)$/.test(command)) {
    const isPolicy = typeof error.response === "string" && /^5\d\d[ -]5\.7\.\d/.test(error.response);
    return refusal(status, command, isPolicy ? "policy" : "");
  }
  const setupFault = findSetupFault(error);
  return new SmtpFailure({ ...notSent(status), ...(setupFault === undefined ? {} : { setupFault }) });
}

// `5.7.x` at RCPT is about us, such as "relaying denied": it must not end the links of everybody.
function refusal(status: number, command: string, why: "policy" | ""): SmtpFailure {
  if (status < 500) return new SmtpFailure(notSent(status));
  const isMailbox = command === "RCPT TO" && why === "" && NO_SUCH_MAILBOX.includes(status);
  const reason = isMailbox ? "CHANNEL_BLOCKED_BY_USER" : "CHANNEL_DOWN";
  return new SmtpFailure({ fate: "permanent", detail: `smtp-${status}`, reason });
}

function notSent(status: number): ConstructorParameters<typeof ChannelError>[0] {
  const detail = `smtp-${status}` as const;
  return status === 421 ? { fate: "not-sent", detail, retryAfterMs: SILENCE_MS } : { fate: "not-sent", detail };
}

function lost(fate: "not-sent" | "unknown", code: unknown): SmtpFailure {
  if (code === "EPROTOCOL" || code === "EENVELOPE") return new SmtpFailure({ fate, detail: "malformed-answer" });
  return new SmtpFailure({ fate, detail: code === "ETIMEDOUT" ? "timeout" : "reset" });
}

function findSetupFault({ code, originalCode, responseCode, command }: NodemailerError): SetupFault | undefined {
  if (code === "EAUTH" && BAD_CREDENTIALS.includes(Number(responseCode))) return "credentials";
  if (code === "ETLS" && command === "STARTTLS" && Number(responseCode) >= 500) return "no-starttls";
  return typeof originalCode === "string" && CERTIFICATE.includes(originalCode) ? "certificate" : undefined;
}
