import { createHash } from "node:crypto";
import { ChannelError, type Outgoing } from "@countersign/bot-kit";
import type { DeviceRule } from "./heard-event.ts";
import type { Notes } from "./notes.ts";
import { readProviderId, writeProviderId, type ShownMessage } from "./provider-id.ts";
import { holdsCode, renderEdit, renderMessage, type BodyRule } from "./render.ts";
import { isUserId, type Rooms } from "./rooms.ts";
import type { MatrixSession, WriteGiven } from "./session/index.ts";

interface DeliveringGiven {
  readonly session: MatrixSession;
  readonly rooms: Rooms;
  readonly notes: Notes;
  readonly devices: DeviceRule;
  readonly body: BodyRule;
}

/**
 * Shows a message in the chat with one person. What held a code is redacted, and the next message is a new one: an edit
 * would leave the code with every server. Every write has a transaction id made of the delivery's id, so whatever is
 * repeated, also by a later process, happens once.
 */
export async function deliverMessage(outgoing: Outgoing, given: DeliveringGiven, signal: AbortSignal): Promise<string> {
  const { session, rooms, notes } = given;
  const { peerId: peer, peerIdentity, message, beforeWrite } = outgoing;
  if (!isUserId(peer)) throw noChat();
  const content = renderMessage(message, given.body);
  const replaced = outgoing.replaces === undefined ? undefined : readProviderId(outgoing.replaces);
  const chat = rooms.chatWith(peer);
  if (chat === undefined) throw noChat();
  const bounds = { signal, beforeWrite, peer, peerIdentity };
  await notSentIfFailed(refuseWithoutDevices(given, peer, signal));
  if (peerIdentity !== "") notes.keepIdentity(peer, peerIdentity);
  const txn = transactionId(outgoing, "");
  const mayHoldCode = holdsCode(message);
  if (replaced !== undefined && !replaced.mayHoldCode && !mayHoldCode && stands(replaced, chat, session)) {
    await session.sendEncrypted(chat, "m.room.message", renderEdit(content, replaced.event), txn, bounds);
    keepButtons(outgoing, replaced, notes);
    return writeProviderId(replaced);
  }
  if (replaced?.mayHoldCode === true) {
    await notSentIfFailed(takeAway(session, replaced, transactionId(outgoing, "redact"), bounds));
  }
  const room = await roomOf(txn, chat, peer, given);
  const event = await session.sendEncrypted(room, "m.room.message", { ...content }, txn, bounds);
  const shown = { mayHoldCode, room, event };
  keepButtons(outgoing, shown, notes);
  return writeProviderId(shown);
}

/** For one write of one delivery, the same in every process that repeats it. */
export function transactionId(
  { peerId, deliveryId, phase }: Pick<Outgoing, "peerId" | "deliveryId" | "phase">,
  step: string,
): string {
  return createHash("sha256").update([peerId, deliveryId, phase, step].join("\0")).digest("base64url");
}

async function roomOf(txn: string, chat: string, peer: string, given: DeliveringGiven): Promise<string> {
  const pinned = given.notes.pin(txn, chat);
  if (pinned === chat) return chat;
  // He has left that room since.
  return (await given.session.isSendable(pinned, peer)) === undefined ? pinned : chat;
}

// Also refreshes what is known of his identity, which is compared once more directly before the write.
async function refuseWithoutDevices(given: DeliveringGiven, peer: string, signal: AbortSignal): Promise<void> {
  const devices = await given.session.devicesOf(peer, signal);
  const able = devices.filter(({ signedByOwner }) => given.devices === "all" || signedByOwner);
  // Nobody could ever decrypt it.
  if (able.length === 0) throw new ChannelError({ fate: "permanent", detail: "not-encrypted" });
}

async function takeAway(session: MatrixSession, shown: ShownMessage, txn: string, given: WriteGiven): Promise<void> {
  try {
    await session.redact(shown.room, shown.event, txn, given);
  } catch (error) {
    // The room or the event is no longer there for the bot: it can take nothing away.
    if (!(error instanceof ChannelError) || error.fate !== "permanent") throw error;
  }
}

// An edit of what the person deleted would not be seen.
function stands(shown: ShownMessage, chat: string, session: MatrixSession): boolean {
  const event = session.client.getRoom(shown.room)?.findEventById(shown.event);
  return shown.room === chat && event?.isRedacted() !== true;
}

function keepButtons({ message }: Outgoing, { event, room }: ShownMessage, notes: Notes): void {
  const buttons = message.buttons.flat().map(({ id }) => id);
  if (buttons.length > 0) notes.keepButtons(event, room, buttons);
}

// Whatever became of a step before it, the message itself has certainly not left.
async function notSentIfFailed(step: Promise<void>): Promise<void> {
  try {
    await step;
  } catch (error) {
    if (!(error instanceof ChannelError) || error.fate !== "unknown") throw error;
    const { detail, reason, retryAfterMs } = error;
    throw new ChannelError({ fate: "not-sent", detail, reason, retryAfterMs });
  }
}

function noChat(): ChannelError {
  return new ChannelError({ fate: "permanent", detail: "chat-not-found", reason: "CHANNEL_BLOCKED_BY_USER" });
}
