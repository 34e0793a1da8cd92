// What an administrator says of an endpoint, checked before anything is stored.
import { checkSafeText } from "@countersign/protocol";
import type { Allowed } from "../outbound/address-guard.ts";
import { readPostUrl } from "../outbound/url-rule.ts";
import { badInput, type Refusal } from "../rpc/refusal.ts";
import { EVENT_TYPES, isEventFilter } from "./event.ts";
import type { Webhook } from "./webhook.ts";

const MOST_EVENTS = 32;
const LONGEST_DESCRIPTION = 200;

export type NewWebhook = Pick<Webhook, "url" | "events" | "description">;

/** The URL is stored as it is posted to. */
export function readWebhook(
  {
    url,
    events,
    description,
  }: { readonly url: string; readonly events: readonly string[]; readonly description: string },
  allowed: Allowed,
): NewWebhook | Refusal {
  const read = readPostUrl(url, allowed);
  if (typeof read === "string") return badInput("url", read);
  const bad = badEvents(events);
  if (bad !== undefined) return bad;
  const { length } = description;
  if (length > LONGEST_DESCRIPTION) return badInput("description", `at most ${LONGEST_DESCRIPTION} characters`);
  try {
    if (length > 0) checkSafeText(description);
  } catch (error) {
    return badInput("description", error instanceof Error ? error.message : "is no safe text");
  }
  return { url: read.href, events: [...new Set(events)], description };
}

/** undefined: they are fine. */
export function badEvents(events: readonly string[]): Refusal | undefined {
  if (events.length > MOST_EVENTS) return badInput("events", `at most ${MOST_EVENTS}`);
  const unknown = events.findIndex((event) => !isEventFilter(event));
  if (unknown === -1) return undefined;
  return badInput(`events[${unknown}]`, `no such event. There are transaction. and ${EVENT_TYPES.join(", ")}`);
}
