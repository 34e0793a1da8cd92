import type { Room } from "matrix-js-sdk/lib/models/room.js";

/** What of a room decides whether the bot may be in it. */
export interface RoomView {
  readonly encrypted: boolean;
  /** Ids of all who have joined or are invited, the bot included. */
  readonly present: readonly string[];
  readonly joined: readonly string[];
  /** The bot made it, and nobody else has been invited so far. */
  readonly inTheMaking: boolean;
}

/** What a room is to the bot. */
export type RoomVerdict =
  | { readonly type: "chat"; readonly peer: string; readonly peerJoined: boolean }
  | { readonly type: "making" }
  | { readonly type: "alone" }
  | { readonly type: "group" }
  | { readonly type: "unencrypted"; readonly peer: string | undefined };

/** The bot stays in encrypted rooms with exactly one other person, who has joined or is invited. */
export function judgeRoom({ encrypted, present, joined, inTheMaking }: RoomView, me: string): RoomVerdict {
  // A new room is told piece by piece: its encryption before its guest, and both perhaps after it is known to be made.
  if (inTheMaking) return { type: "making" };
  const others = present.filter((userId) => userId !== me);
  const [peer, third] = others;
  if (third !== undefined) return { type: "group" };
  if (!encrypted) return { type: "unencrypted", peer };
  if (peer === undefined) return { type: "alone" };
  return { type: "chat", peer, peerJoined: joined.includes(peer) };
}

export function viewOf(room: Room, me: string): RoomView {
  const ids = (memberships: readonly string[]): string[] =>
    room
      .getMembers()
      .filter(({ membership = "" }) => memberships.includes(membership))
      .map(({ userId }) => userId);
  return {
    encrypted: room.hasEncryptionStateEvent(),
    present: ids(["join", "invite", "knock"]),
    joined: ids(["join"]),
    inTheMaking: room.getCreator() === me && room.getMembers().every(({ userId }) => userId === me),
  };
}
