import { ChannelError, errorName, type BotLog, type FrontDesk, type Timer } from "@countersign/bot-kit";
import { CryptoEvent } from "matrix-js-sdk/lib/crypto-api/index.js";
import { HTTPError } from "matrix-js-sdk/lib/http-api/errors.js";
import { MatrixEventEvent, type MatrixEvent } from "matrix-js-sdk/lib/models/event.js";
import { RoomEvent, type Room } from "matrix-js-sdk/lib/models/room.js";
import { RoomStateEvent } from "matrix-js-sdk/lib/models/room-state.js";
import { ClientEvent, type MatrixClient } from "matrix-js-sdk/lib/client.js";
import { hearEvent, stableId, type DeviceRule } from "./heard-event.ts";
import { answerInvitation } from "./invitation.ts";
import type { Notes } from "./notes.ts";
import type { Rooms } from "./rooms.ts";
import { routeEvent, type Action } from "./route-event.ts";
import { eventsAfter } from "./timeline.ts";

interface InboxGiven {
  readonly client: MatrixClient;
  readonly rooms: Rooms;
  readonly notes: Notes;
  readonly devices: DeviceRule;
  /** The person's identity as the homeserver tells it now; "" when he has none. */
  readonly identityOf: (userId: string) => Promise<string>;
  /** Answers a reaction. Must not throw. */
  readonly tell: (room: string, peer: string, eventId: string, text: string) => void;
  readonly log: BotLog;
  readonly timer: Timer;
}

const RETRY_MS = 1_000;
const UNREAD_KEPT = 1_000;
const OWN_PASSED = 32;

/**
 * Hands in what people do. The SDK only says that something changed in a room: what is new is read from its timeline,
 * after the event that was handled last. That mark moves once the core has answered, so a crash loses nothing, and the
 * event's id makes a repetition harmless.
 */
export class Inbox {
  readonly #given: InboxGiven;
  readonly #soiled = new Set<string>();
  /** Rooms that are dealt with at the moment. */
  readonly #rooms = new Map<string, { again: boolean }>();
  /** Events without their key: it may come later than they do. */
  readonly #unread = new Map<string, MatrixEvent>();
  #desk: FrontDesk | undefined;
  #signal: AbortSignal = AbortSignal.abort();

  constructor(given: InboxGiven) {
    this.#given = given;
    const { client } = given;
    client.on(RoomEvent.Timeline, (_event, room) => this.#soil(room?.roomId));
    client.on(RoomEvent.MyMembership, (room) => this.#soil(room.roomId));
    client.on(RoomStateEvent.Members, (_event, state) => this.#soil(state.roomId));
    client.on(ClientEvent.Sync, () => this.#dealWithSoiled());
    client.on(MatrixEventEvent.Decrypted, (event) => {
      if (this.#unread.has(event.getId() ?? "")) this.#start(event.getRoomId());
    });
    client.on(CryptoEvent.DevicesUpdated, (users) => void this.#lookAtIdentities(users));
  }

  /** Hands in at this desk until the signal aborts, beginning with what came since the last time. */
  serve(desk: FrontDesk, signal: AbortSignal): void {
    this.#desk = desk;
    this.#signal = signal;
    const { client, notes } = this.#given;
    for (const { roomId } of client.getRooms()) this.#soil(roomId);
    for (const room of notes.rooms()) this.#soil(room);
    this.#dealWithSoiled();
    void this.#lookAtIdentities(notes.rooms().map((room) => notes.peerIn(room) ?? ""));
  }

  // Noted only: in the middle of a sync, members or the encryption of a room may be missing.
  #soil(roomId: string | undefined): void {
    if (roomId !== undefined) this.#soiled.add(roomId);
  }

  #dealWithSoiled(): void {
    if (this.#signal.aborted) return;
    const soiled = [...this.#soiled];
    this.#soiled.clear();
    for (const roomId of soiled) this.#start(roomId);
  }

  #start(roomId: string | undefined): void {
    if (roomId === undefined || this.#signal.aborted) return;
    const running = this.#rooms.get(roomId);
    if (running === undefined) void this.#run(roomId);
    else running.again = true;
  }

  async #run(roomId: string): Promise<void> {
    const { log, timer } = this.#given;
    const state = { again: true };
    this.#rooms.set(roomId, state);
    while (state.again && !this.#signal.aborted) {
      state.again = false;
      const signal = this.#signal;
      try {
        await this.#deal(roomId, signal);
      } catch (error) {
        if (!signal.aborted) log.write({ event: "update-failed", errorName: errorName(error) });
        // The homeserver would refuse it again: the room is looked at when something happens in it.
        if (isRefused(error)) continue;
        state.again = true; // under the next lease, if this one is over
        await timer.sleep(RETRY_MS, signal);
      }
    }
    this.#rooms.delete(roomId);
  }

  async #deal(roomId: string, signal: AbortSignal): Promise<void> {
    const { client, rooms, notes, log } = this.#given;
    const desk = this.#desk;
    const room = client.getRoom(roomId);
    if (desk === undefined) return;
    if (room?.getMyMembership() === "invite") {
      await settledOr(signal, answerInvitation(room, desk, rooms, log));
      return;
    }
    if (room?.getMyMembership() !== "join") {
      await this.#closed(roomId, desk, signal);
      return;
    }
    const before = rooms.verdict(roomId);
    if (before === undefined || before.type === "making") return;
    if (before.type === "chat" && notes.peerIn(roomId) === undefined) notes.keepChat(roomId, before.peer);
    await this.#readNew(room, desk, signal);
    const verdict = rooms.verdict(roomId);
    if (verdict === undefined || verdict.type === "chat" || verdict.type === "making") return;
    await rooms.leave(roomId);
    if (verdict.type === "group") log.write({ event: "group-left" });
    if (verdict.type === "unencrypted" && verdict.peer !== undefined) await rooms.invite(verdict.peer);
  }

  async #readNew(room: Room, desk: FrontDesk, signal: AbortSignal): Promise<void> {
    const { client, notes } = this.#given;
    const { roomId } = room;
    const late = [...this.#unread.values()].filter((event) => event.getRoomId() === roomId && isReadable(event));
    for (const event of late) {
      await this.#handleOne(event, desk, signal);
      this.#unread.delete(event.getId() ?? "");
    }
    const events = await eventsAfter(client, room, notes.handledUpTo(roomId));
    for (const [at, event] of events.entries()) {
      await this.#handleOne(event, desk, signal);
      // The bot's own events are passed over again rather than each be written down.
      const own = event.getSender() === client.getSafeUserId() && at < OWN_PASSED;
      if (!own) notes.handled(roomId, event.getId() ?? "");
    }
  }

  async #handleOne(event: MatrixEvent, desk: FrontDesk, signal: AbortSignal): Promise<void> {
    try {
      await settledOr(signal, this.#handle(event, desk));
    } catch (error) {
      if (signal.aborted || error instanceof ChannelError) throw error;
      // People send what they like, and one event must not stop all that follow.
      this.#given.log.write({ event: "update-failed", errorName: errorName(error) });
    }
  }

  async #handle(event: MatrixEvent, desk: FrontDesk): Promise<void> {
    const { client, notes, rooms, devices } = this.#given;
    const room = event.getRoomId() ?? "";
    // He may have left by now, or somebody else come: what he wrote before that counts.
    const peer = notes.peerIn(room);
    if (peer === undefined || event.getSender() === client.getSafeUserId()) return;
    const heard = await hearEvent(client, event, devices);
    if (heard.proof === "undecryptable") this.#keepUnread(event);
    const action = routeEvent(heard, peer, (target) => notes.buttons(target, room));
    switch (action.type) {
      case "said":
        await this.#said(room, peer, { ...action, at: new Date(event.getTs()) }, desk);
        return;
      case "pressed": {
        const { eventId, buttonId } = action;
        const reply = (text: string): void => this.#given.tell(room, peer, eventId, text);
        await desk.pressed({ eventId, peerId: peer, buttonId, locale: "" }, reply);
        return;
      }
      case "gone":
        if (rooms.chatWith(peer) === undefined) await desk.gone(action.eventId, peer);
        return;
      case "nothing":
    }
  }

  async #said(
    room: string,
    peer: string,
    { eventId, text, forwarded, at }: Extract<Action, { type: "said" }> & { readonly at: Date },
    desk: FrontDesk,
  ): Promise<void> {
    const { client, notes, rooms, devices, identityOf } = this.#given;
    const verdict = rooms.verdict(room);
    if (verdict?.type !== "chat" || verdict.peer !== peer) return;
    const identity = await identityOf(peer);
    await this.#compareIdentity(peer, identity, desk);
    notes.keepIdentity(peer, identity);
    notes.keepChat(room, peer);
    const peerName = client.getRoom(room)?.getMember(peer)?.rawDisplayName ?? peer;
    // What goes to every device goes to one that the homeserver made up too: then the identity vouches for nothing.
    const vouched = identity !== "" && devices === "signed";
    await desk.said({
      ...{ eventId, peerId: peer, peerName, privateChat: true, text, at, locale: "", forwarded },
      ...(vouched ? { peerIdentity: identity } : {}),
    });
  }

  /** The bot was put out of the room, perhaps while it was away. */
  async #closed(roomId: string, desk: FrontDesk, signal: AbortSignal): Promise<void> {
    const { notes, rooms } = this.#given;
    const peer = notes.peerIn(roomId);
    if (peer === undefined) return;
    if (rooms.chatWith(peer) === undefined) {
      const eventId = stableId("gone", roomId, notes.handledUpTo(roomId) ?? "");
      await settledOr(signal, desk.gone(eventId, peer));
    }
    notes.forgetRoom(roomId);
  }

  #keepUnread(event: MatrixEvent): void {
    this.#unread.set(event.getId() ?? "", event);
    const oldest = this.#unread.size > UNREAD_KEPT ? this.#unread.keys().next().value : undefined;
    if (oldest !== undefined) this.#unread.delete(oldest);
  }

  // One after the other: at a start these are all people the bot knows.
  async #lookAtIdentities(users: readonly string[]): Promise<void> {
    const signal = this.#signal;
    for (const user of new Set(users)) await this.#lookAtIdentity(user, signal);
  }

  // It is compared again whenever something is delivered or said: this only tells it sooner, so a failure is let go.
  async #lookAtIdentity(peer: string, signal: AbortSignal): Promise<void> {
    const { notes, identityOf } = this.#given;
    const desk = this.#desk;
    if (desk === undefined || signal.aborted || notes.identityOf(peer) === "") return;
    try {
      await settledOr(signal, this.#compareIdentity(peer, await identityOf(peer), desk));
    } catch {
      // the lease is over, or the homeserver away
    }
  }

  async #compareIdentity(peer: string, identity: string, desk: FrontDesk): Promise<void> {
    const { notes } = this.#given;
    const known = notes.identityOf(peer);
    if (known === "" || known === identity) return;
    await desk.gone(stableId("identity", peer, known, identity), peer, "CHANNEL_IDENTITY_CHANGED");
    notes.keepIdentity(peer, identity);
  }
}

function isRefused(error: unknown): boolean {
  const status = error instanceof HTTPError ? (error.httpStatus ?? 0) : 0;
  return status >= 400 && status < 500 && status !== 429;
}

function isReadable(event: MatrixEvent): boolean {
  return !event.isDecryptionFailure() && !event.isBeingDecrypted();
}

/** Ends with the signal: the core may be away for long, and what it was asked is asked again under the next lease. */
async function settledOr<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const over = Promise.withResolvers<never>();
  // What the core has answered already is still noted.
  const abort = (): void => void setImmediate(() => over.reject(signal.reason));
  signal.addEventListener("abort", abort, { once: true });
  try {
    if (signal.aborted) abort();
    return await Promise.race([promise, over.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
    promise.catch(() => undefined);
  }
}
