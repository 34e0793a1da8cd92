import type { MatrixClient } from "matrix-js-sdk/lib/client.js";
import type { MatrixEvent } from "matrix-js-sdk/lib/models/event.js";
import type { Room } from "matrix-js-sdk/lib/models/room.js";

const PAGE = 100;
const MOST_PAGES = 50;

/**
 * The events after the one that was handled last, oldest first. A sync brings the newest of a room alone, so older ones
 * are fetched until that one is found; in a room where none was, until the bot's own coming. Rejects when the homeserver
 * does not give them.
 */
export async function eventsAfter(
  client: MatrixClient,
  room: Room,
  handled: string | undefined,
): Promise<readonly MatrixEvent[]> {
  const me = client.getSafeUserId();
  const isMark = (event: MatrixEvent): boolean =>
    handled === undefined ? isComing(event, me) : event.getId() === handled;
  for (let page = 0; ; page += 1) {
    const events = room.getLiveTimeline().getEvents();
    const mark = events.findLastIndex(isMark);
    const isWhole = mark >= 0 || room.oldState.paginationToken === null || page === MOST_PAGES;
    if (isWhole) return events.slice(mark + 1).filter(isFromServer);
    await client.scrollback(room, PAGE);
  }
}

// What is being sent stands in the timeline too, under an id of the SDK's own.
function isFromServer(event: MatrixEvent): boolean {
  return event.status === null && event.getId()?.startsWith("$") === true;
}

function isComing(event: MatrixEvent, me: string): boolean {
  const mine = event.getType() === "m.room.member" && event.getStateKey() === me;
  return mine && event.getContent()["membership"] === "join" && event.getPrevContent()["membership"] !== "join";
}
