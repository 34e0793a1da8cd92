import { findWords } from "@countersign/pages";
import { type DeliveryFinding, DeliveryReason } from "@countersign/proto/web/admin/v1/admin_service";
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

/** A place of these pages, and what a link there says. */
export interface PlaceToAct {
  readonly to: Partial<Route> & Pick<Route, "page">;
  readonly words: string;
}

const AT_THE_BOT: readonly DeliveryReason[] = [
  ...[DeliveryReason.BOT_NOT_ATTACHED, DeliveryReason.BOT_PAUSED],
  ...[DeliveryReason.BOT_DISABLED, DeliveryReason.BOT_NOT_READY],
];
const AT_THE_USER: readonly DeliveryReason[] = [
  ...[DeliveryReason.USER_FROZEN, DeliveryReason.USER_BLOCKED, DeliveryReason.USER_SUSPENDED],
  ...[DeliveryReason.NO_CHANNEL, DeliveryReason.NO_KEY],
  ...[DeliveryReason.PEER_GONE, DeliveryReason.IDENTITY_CHANGED],
];
const AT_THE_POLICY: readonly DeliveryReason[] = [
  ...[DeliveryReason.NOT_ALLOWED_BY_POLICY, DeliveryReason.ASSURANCE_TOO_LOW],
];
const AT_THE_MESSAGE: readonly DeliveryReason[] = [
  ...[DeliveryReason.PROVIDER_REFUSED, DeliveryReason.PROVIDER_UNREACHABLE],
];

/** Where something can be done about it; undefined: nowhere in these pages. */
export function placeToAct(reason: DeliveryReason, userId: string): PlaceToAct | undefined {
  if (AT_THE_BOT.includes(reason)) return { to: { page: "channels" }, words: "deliveries-see-channels" };
  if (AT_THE_USER.includes(reason)) return { to: { page: "users", rest: userId }, words: "deliveries-see-user" };
  if (AT_THE_POLICY.includes(reason)) return { to: { page: "policy" }, words: "deliveries-see-policy" };
  if (!AT_THE_MESSAGE.includes(reason)) return undefined;
  return { to: { page: "deliveries", query: { user: userId } }, words: "deliveries-see-messages" };
}
