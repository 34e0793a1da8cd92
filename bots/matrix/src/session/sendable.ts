import type { MatrixClient } from "matrix-js-sdk/lib/client.js";

/** Why nothing may be sent to a room now. "not-synced" passes by itself. */
export type Unsendable = "not-synced" | "not-encrypted" | "peer-absent" | "not-alone";

/**
 * Undefined when the room is an encrypted one that exactly the bot and this person have joined, and nobody else is
 * invited to.
 */
export async function unsendable(client: MatrixClient, roomId: string, peer: string): Promise<Unsendable | undefined> {
  const room = client.getRoom(roomId);
  if (room === null) return "not-synced";
  // Both are asked: the room's state of now, and what the crypto store remembers of it.
  if (!room.hasEncryptionStateEvent()) return "not-encrypted";
  if (!(await client.getCrypto()?.isEncryptionEnabledInRoom(roomId))) return "not-encrypted";
  const present = room.getMembers().filter(({ membership }) => membership === "join" || membership === "invite");
  const joined = (userId: string): boolean =>
    present.some((member) => member.userId === userId && member.membership === "join");
  if (!joined(client.getSafeUserId()) || !joined(peer)) return "peer-absent";
  return present.length === 2 && peer !== client.getSafeUserId() ? undefined : "not-alone";
}
