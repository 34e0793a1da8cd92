// Pure: what a provider says later of a message that it had accepted. docs/protocol/delivery.md section 4.
import type { UnixMs } from "../store/entity.ts";
import type { Delivery } from "./delivery.ts";
import { noted } from "./timeline.ts";

/** An SMSC's delivery report, a bounce. Bot-controlled. */
export interface ProviderReceipt {
  readonly providerId: string;
  /** False: it never will be. */
  readonly reached: boolean;
}

/**
 * About the code that is wanted, "never will be" is a failure like any other. About everything else it is only noted:
 * outcomes and alerts are not sent over another channel. The very delivery comes back where it says nothing new.
 */
export function afterReceipt(delivery: Delivery, { providerId, reached }: ProviderReceipt, now: UnixMs): Delivery {
  const { receipt } = delivery;
  const isNews = receipt === undefined || (receipt === "lost" && reached);
  if (delivery.providerId !== providerId || !isNews) return delivery;
  const issue = messageIssue(delivery);
  const isCode = issue > 0 && delivery.shown >= delivery.wish;
  if (reached) {
    const told: Delivery = { ...noted(delivery, "REACHED", now, { issue }), receipt: "reached", updatedAt: now };
    return isCode ? { ...told, state: "SENT", reason: undefined, mayHoldCode: true, fallbackAt: undefined } : told;
  }
  const reason = "CHANNEL_DOWN";
  const told: Delivery = { ...noted(delivery, "FAILED", now, { issue, reason }), receipt: "lost", updatedAt: now };
  if (!isCode) return told;
  const mayHoldCode = hasOtherCopies(delivery);
  const state = mayHoldCode ? "UNKNOWN" : "FAILED";
  return { ...told, state, reason, mayHoldCode, retryAt: undefined, fallbackAt: now };
}

/** Number of the code in the message that the provider took last; 0: an outcome or an alert. */
function messageIssue({ wanted, shown, wish, shownIssue }: Delivery): number {
  return shown >= wish && wanted.phase !== "full" ? 0 : (shownIssue?.n ?? 0);
}

/** An earlier code was sent, or this one left once more with a fate that nobody knows. */
function hasOtherCopies({ wish, unknowns }: Delivery): boolean {
  return wish > 1 || unknowns > 0;
}
