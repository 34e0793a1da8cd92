import type { MatrixClient } from "matrix-js-sdk/lib/client.js";
import { Method } from "matrix-js-sdk/lib/http-api/method.js";
import { EventType } from "matrix-js-sdk/lib/@types/event.js";
import { Preset } from "matrix-js-sdk/lib/@types/partials.js";
import type { Notes } from "./notes.ts";
import { judgeRoom, viewOf, type RoomVerdict } from "./room-verdict.ts";

const WEEK_MS = 7 * 24 * 3_600_000;

/** The rooms the bot is in. */
export class Rooms {
  readonly #client: MatrixClient;
  readonly #notes: Notes;

  constructor(client: MatrixClient, notes: Notes) {
    this.#client = client;
    this.#notes = notes;
  }

  /** What the room is to the bot now; undefined when the bot has not joined it. */
  verdict(roomId: string): RoomVerdict | undefined {
    const room = this.#client.getRoom(roomId);
    if (room?.getMyMembership() !== "join") return undefined;
    const me = this.#client.getSafeUserId();
    return judgeRoom(viewOf(room, me), me);
  }

  /** The room in which this person can be reached: where he wrote last, else any. Undefined: there is none. */
  chatWith(peer: string): string | undefined {
    const known = this.#notes.roomOf(peer);
    if (known !== undefined && this.#isChat(known, peer, true)) return known;
    return this.#client.getRooms().findLast(({ roomId }) => this.#isChat(roomId, peer, true))?.roomId;
  }

  /** Makes a room for this person and the bot, unless there is one that he has joined or is invited to. */
  async invite(peer: string): Promise<void> {
    if (this.#client.getRooms().some(({ roomId }) => this.#isChat(roomId, peer, false))) return;
    const { room_id: roomId } = await this.#client.createRoom({
      is_direct: true,
      preset: Preset.TrustedPrivateChat,
      invite: [peer],
      initial_state: [
        { type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } },
        // Few servers keep to it: codes are redacted besides.
        { type: "m.room.retention", state_key: "", content: { max_lifetime: WEEK_MS } },
      ],
    });
    await this.markDirect(roomId, peer);
  }

  /** Has clients of the bot's account list the room as a chat with this person. A courtesy: never rejects. */
  async markDirect(roomId: string, peer: string): Promise<void> {
    try {
      const known = this.#client.getAccountData(EventType.Direct)?.getContent() ?? {};
      const rooms = known[peer] ?? [];
      if (rooms.includes(roomId)) return;
      const content = { ...known, [peer]: [...rooms, roomId] };
      await this.#client.http.authedRequest(
        Method.Put,
        `/user/${encodeURIComponent(this.#client.getSafeUserId())}/account_data/m.direct`,
        undefined,
        content,
      );
    } catch {
      // the chat works without it
    }
  }

  /** Joins; the room is there once a sync has brought all of it. */
  async join(roomId: string): Promise<void> {
    // The SDK's own call shows the room as joined before its members and its encryption are known.
    await this.#client.http.authedRequest(Method.Post, `/rooms/${encodeURIComponent(roomId)}/join`, undefined, {});
  }

  async leave(roomId: string): Promise<void> {
    await this.#client.leave(roomId);
    this.#notes.forgetRoom(roomId);
  }

  #isChat(roomId: string, peer: string, joined: boolean): boolean {
    const verdict = this.verdict(roomId);
    return verdict?.type === "chat" && verdict.peer === peer && (verdict.peerJoined || !joined);
  }
}

/** Whether this can be the id of a person at a homeserver: `@localpart:server`, at most 255 bytes. */
export function isUserId(text: string): boolean {
  return text.length <= 255 && /^@[!-9;-~]+:[A-Za-z0-9.:[\]-]+$/.test(text);
}
