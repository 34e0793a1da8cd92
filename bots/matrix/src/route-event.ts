import { stableId, type HeardEvent } from "./heard-event.ts";
import { SYMBOLS } from "./render.ts";

/** What an event in a chat asks for. */
export type Action =
  | { readonly type: "said"; readonly eventId: string; readonly text: string; readonly forwarded: boolean }
  | { readonly type: "pressed"; readonly eventId: string; readonly buttonId: string }
  | { readonly type: "gone"; readonly eventId: string }
  | { readonly type: "nothing" };

const NOTHING: Action = { type: "nothing" };
const LONGEST_TEXT = 1_024;

/**
 * Reads one event of the chat with `peer`. Commands are taken from encrypted texts alone: a homeserver could write the
 * others. Leaving and reactions are never encrypted in Matrix; both can only stop something.
 */
export function routeEvent(event: HeardEvent, peer: string, buttonsOf: (event: string) => readonly string[]): Action {
  if (event.type === "m.room.member") return routeMember(event, peer);
  if (event.sender !== peer) return NOTHING;
  if (event.type === "m.reaction") return routeReaction(event, buttonsOf);
  if (event.type === "m.room.message" && event.proof === "sender") return routeMessage(event);
  return NOTHING;
}

function routeMember({ id, stateKey, content }: HeardEvent, peer: string): Action {
  const { membership } = content;
  if (stateKey !== peer || (membership !== "leave" && membership !== "ban")) return NOTHING;
  return { type: "gone", eventId: stableId("gone", id) };
}

function routeReaction({ id, content }: HeardEvent, buttonsOf: (event: string) => readonly string[]): Action {
  const { rel_type: kind, event_id: target, key } = relationOf(content);
  if (kind !== "m.annotation" || typeof target !== "string" || typeof key !== "string") return NOTHING;
  const at = SYMBOLS.findIndex((symbol) => bare(symbol) === bare(key));
  const buttonId = buttonsOf(target)[at];
  return buttonId === undefined ? NOTHING : { type: "pressed", eventId: stableId("press", id), buttonId };
}

function routeMessage({ id, content }: HeardEvent): Action {
  const { msgtype, body } = content;
  const relation = relationOf(content);
  // The person changed what he had written: that has been dealt with.
  if (relation["rel_type"] === "m.replace") return NOTHING;
  if (msgtype !== "m.text" || typeof body !== "string") return NOTHING;
  // A reply quotes somebody else's words: none of its words is a command.
  const forwarded = Object.keys(relation).length > 0;
  return { type: "said", eventId: stableId("said", id), text: body.slice(0, LONGEST_TEXT), forwarded };
}

function relationOf(content: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const relation = content["m.relates_to"];
  return typeof relation === "object" && relation !== null ? (relation as Record<string, unknown>) : {};
}

// Clients add marks for colour, and some for skin.
function bare(symbol: string): string {
  return symbol.replaceAll(/\p{Emoji_Modifier}|\u{FE0E}|\u{FE0F}/gu, "");
}
