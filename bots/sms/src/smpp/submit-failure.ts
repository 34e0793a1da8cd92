import { ChannelError } from "@countersign/bot-kit";

const QUEUE_FULL = 0x14;
const THROTTLED = 0x58;
const INVALID_DESTINATION = 0x0b;
// System error, unknown error: the SMSC broke down over the message, and may have stored it before.
const BROKE_DOWN: readonly number[] = [0x08, 0xff];

/** Whether an answer asks to send less. */
export function asksForSilence(status: number): boolean {
  return status === THROTTLED || status === QUEUE_FULL;
}

/** The class of an answer to submit_sm other than 0 (docs/protocol/channel.md, error classes). */
export function submitFailure(status: number, retryAfterMs?: number): ChannelError {
  const detail = `smpp-${status}` as const;
  if (status === INVALID_DESTINATION) {
    return new ChannelError({ fate: "permanent", reason: "CHANNEL_BLOCKED_BY_USER", detail });
  }
  if (BROKE_DOWN.includes(status)) return new ChannelError({ fate: "unknown", detail });
  return new ChannelError({ fate: "not-sent", detail, retryAfterMs });
}
