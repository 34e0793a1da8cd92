// Providers repeat what bots did not confirm, after a restart too. What may not happen again is remembered in the commit
// that it happens in: else an old /freeze that comes once more would freeze a user who has thawed meanwhile.
import { sha256, toHex, utf8 } from "@countersign/protocol";
import type { HexId } from "../store/entity.ts";
import type { User } from "./user.ts";

/** The newest so many of a user: older ones are not repeated any more. */
const KEPT = 8;
const ID_BYTES = 8;

/** What was said in a chat, as its bot names it. */
export interface ChatEvent {
  readonly botId: HexId;
  readonly peerId: string;
  readonly eventId: string;
}

/** Whether the user's shard has seen its effect. */
export function isTaken(user: User, event: ChatEvent): boolean {
  return user.takenEvents?.includes(idOf(event)) === true;
}

export function withTaken(user: User, event: ChatEvent): User {
  return { ...user, takenEvents: [...(user.takenEvents ?? []), idOf(event)].slice(-KEPT) };
}

function idOf({ botId, peerId, eventId }: ChatEvent): string {
  return toHex(sha256(utf8(`${botId}\0${peerId}\0${eventId}`)).subarray(0, ID_BYTES));
}
