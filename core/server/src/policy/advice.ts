import type { Policy } from "./policy.ts";

/** What an administrator should know about a policy that is allowed and leaves much open; docs/protocol/policy.md section 1. */
export function adviceOn({ modes, modeCLimit, channels, highValue }: Policy): string[] {
  const advice: string[] = [];
  if (modes.includes("C") && modeCLimit.length === 0) {
    advice.push(
      "modeCLimit is empty: for a key without display the chat is the only view, and a bot and a PC that work together could have any amount confirmed. Set a limit for each currency, or leave C out of modes.",
    );
  }
  const weak = channels.filter((channel) => channel === "mail" || channel === "sms");
  if (weak.length > 0 && highValue.length === 0) {
    advice.push(
      `highValue is empty: ${weak.join(" and ")} may carry the code for any amount. Set the amounts from which a channel of more assurance is needed.`,
    );
  }
  return advice;
}
