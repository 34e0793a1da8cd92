import { randomUUID } from "node:crypto";
import type { BotLog, FrontDesk } from "@countersign/bot-kit";
import type { Room } from "matrix-js-sdk/lib/models/room.js";
import { isUserId, type Rooms } from "./rooms.ts";

/**
 * Accepts an invitation of somebody who is linked, or while links are made; refuses all others. What the invitation
 * shows of the room is the inviter's word: the room is judged again once the bot is in it.
 */
export async function answerInvitation(room: Room, desk: FrontDesk, rooms: Rooms, log: BotLog): Promise<void> {
  const { client } = room;
  const inviter = room.getMember(client.getSafeUserId())?.events.member?.getSender() ?? "";
  // A question of its own each time: the answer to an earlier invitation is old.
  const may = isUserId(inviter) && (await desk.mayJoin(`mx-invite-${randomUUID()}`, inviter));
  if (!may) {
    await client.leave(room.roomId);
    return;
  }
  if (room.getInvitedAndJoinedMemberCount() > 2) {
    await client.leave(room.roomId);
    log.write({ event: "group-left" });
    return;
  }
  if (!room.hasEncryptionStateEvent()) {
    await client.leave(room.roomId);
    await rooms.invite(inviter);
    return;
  }
  await rooms.join(room.roomId);
  await rooms.markDirect(room.roomId, inviter);
}
