import { type DeliveryFinding, DeliveryReason } from "@countersign/proto/web/admin/v1/admin_service";
import { findWords } from "../../i18n/words.ts";
import type { Route } from "../../shell/route.ts";
import type { Tone } from "../../ui/state-badge.tsx";

/** What is wrong, in the reader's language; a reason of a newer core is told in the core's words. */
export function reasonText({ reason, text }: DeliveryFinding): string {
  return findWords(`deliveries-reason-${reason}`) ?? text;
}

/** What to do next; "": nothing. What was observed often says more than its class. */
export function adviceText({ reason, detail, advice }: DeliveryFinding): string {
  if (advice === "") return "";
  return findWords(`deliveries-advice-on-${detail}`) ?? findWords(`deliveries-advice-${reason}`) ?? advice;
}

const GOOD: readonly DeliveryReason[] = [
  ...[DeliveryReason.SENT, DeliveryReason.REACHED, DeliveryReason.READY, DeliveryReason.SUPERSEDED],
];
const WAITING: readonly DeliveryReason[] = [
  ...[DeliveryReason.AT_BOT, DeliveryReason.WAITING, DeliveryReason.RATE_LIMITED, DeliveryReason.OTHER_CHANNEL],
  ...[DeliveryReason.CHANNEL_ON_HOLD, DeliveryReason.SENT_UNKNOWN, DeliveryReason.NO_TRANSACTION],
];

/** Whether somebody has to do something about it. */
export function toneOfReason(reason: DeliveryReason): Tone {
  if (GOOD.includes(reason)) return "good";
  return WAITING.includes(reason) ? "waiting" : "bad";
}

/** Where something can be done about it, and what the link there says; undefined: nowhere in these pages. */
export function placeToAct(
  reason: DeliveryReason,
  userId: string,
): { readonly to: Pick<Route, "page"> & Partial<Route>; readonly words: string } | undefined {
  switch (reason) {
    case DeliveryReason.BOT_NOT_ATTACHED:
    case DeliveryReason.BOT_PAUSED:
    case DeliveryReason.BOT_DISABLED:
    case DeliveryReason.BOT_NOT_READY:
      return { to: { page: "channels" }, words: "deliveries-see-channels" };
    case DeliveryReason.USER_FROZEN:
    case DeliveryReason.USER_BLOCKED:
    case DeliveryReason.USER_SUSPENDED:
    case DeliveryReason.NO_CHANNEL:
    case DeliveryReason.NO_KEY:
    case DeliveryReason.PEER_GONE:
    case DeliveryReason.IDENTITY_CHANGED:
      return { to: { page: "users", rest: userId }, words: "deliveries-see-user" };
    case DeliveryReason.NOT_ALLOWED_BY_POLICY:
    case DeliveryReason.ASSURANCE_TOO_LOW:
      return { to: { page: "policy" }, words: "deliveries-see-policy" };
    case DeliveryReason.PROVIDER_REFUSED:
    case DeliveryReason.PROVIDER_UNREACHABLE:
      return { to: { page: "deliveries", query: { user: userId } }, words: "deliveries-see-messages" };
    default:
      return undefined;
  }
}
