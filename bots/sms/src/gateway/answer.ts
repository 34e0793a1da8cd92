import { ChannelError } from "@countersign/bot-kit";
import type { FailureRule, GatewayTemplate } from "./template.ts";

/** What a gateway answered, as far as it is looked at. */
export interface GatewayAnswer {
  readonly status: number;
  readonly body: string;
  /** The header Retry-After, in seconds. */
  readonly retryAfter: string | undefined;
}

// When a gateway names no time we do not guess lower than this.
const SILENCE_MS = 5_000;

/** The id in an answer that means success; undefined: success without an id. Throws ChannelError for every other. */
export function judgeAnswer(answer: GatewayAnswer, { success, failures }: GatewayTemplate): string | undefined {
  const { status, body } = answer;
  const match = success.body?.exec(body) ?? (success.body === undefined ? [] : null);
  if (success.status.includes(status) && match !== null) return readId((match as RegExpExecArray).groups?.["id"]);
  const rule = failures.find((one) => applies(one, answer));
  throw rule === undefined ? byStatus(answer) : byRule(rule, status);
}

function readId(id: string | undefined): string | undefined {
  return id !== undefined && /^[!-~]{1,128}$/.test(id) ? id : undefined;
}

function applies({ status, body }: FailureRule, answer: GatewayAnswer): boolean {
  return (status === undefined || status.includes(answer.status)) && (body === undefined || body.test(answer.body));
}

function byRule({ fate, blocked, retryAfterMs }: FailureRule, status: number): ChannelError {
  const reason = fate === "permanent" && blocked === true ? "CHANNEL_BLOCKED_BY_USER" : undefined;
  return new ChannelError({ fate, reason, detail: `http-${status}`, retryAfterMs });
}

/** Without a rule: 429 and refusals are not sent, a breakdown is unknown, and so is a success in other words. */
function byStatus({ status, retryAfter }: GatewayAnswer): ChannelError {
  if (status === 429) {
    const seconds = /^\d{1,4}$/.test(retryAfter ?? "") ? Number(retryAfter) : 0;
    const retryAfterMs = seconds > 0 ? seconds * 1000 : SILENCE_MS;
    return new ChannelError({ fate: "not-sent", detail: "rate-limited", retryAfterMs });
  }
  if (status >= 500) return new ChannelError({ fate: "unknown", detail: `http-${status}` });
  if (status >= 300) return new ChannelError({ fate: "not-sent", detail: `http-${status}` });
  return new ChannelError({ fate: "unknown", detail: "malformed-answer" });
}
