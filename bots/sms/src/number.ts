import { ChannelError } from "@countersign/bot-kit";

/** Whether a text is a number of E.164 with its plus sign: at most 15 digits, the first not 0. */
export function isNumber(text: string): boolean {
  return /^\+[1-9]\d{6,14}$/.test(text);
}

/** The number a message goes to. Throws ChannelError (permanent) for what no phone has. */
export function readNumber(peerId: string): string {
  if (isNumber(peerId)) return peerId;
  throw new ChannelError({ fate: "permanent", detail: "chat-not-found", reason: "CHANNEL_BLOCKED_BY_USER" });
}

/** A number as an SMSC writes it (with or without plus, or with the 00 of international calls), or undefined. */
export function numberOf(written: string): string | undefined {
  const number = `+${written.replace(/^(?:\+|00)/, "")}`;
  return isNumber(number) ? number : undefined;
}
