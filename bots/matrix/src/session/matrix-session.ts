import { ChannelError } from "@countersign/bot-kit";
import type { MatrixClient } from "matrix-js-sdk/lib/client.js";
import { Method } from "matrix-js-sdk/lib/http-api/method.js";
import { MatrixEvent } from "matrix-js-sdk/lib/models/event.js";
import { bounded } from "./bounded.ts";
import type { AwaitedWrite, GuardedFetch } from "./guarded-fetch.ts";
import { OlmMachine, ThirdMember, type PeerDevice } from "./olm-machine.ts";
import { classifyFailure } from "./send-failure.ts";
import { unsendable, type Unsendable } from "./sendable.ts";

/** How one write is bounded. */
export interface WriteGiven {
  /** Ends the call; before the bytes left that is "not-sent", afterwards "unknown". */
  readonly signal: AbortSignal;
  /** Called directly before the bytes leave, after encryption and flush. What it throws keeps them back. */
  readonly beforeWrite: () => void;
}

/** For whom a message is. */
export interface SendGiven extends WriteGiven {
  /** The one other member of the room. */
  readonly peer: string;
  /** His master key as it was bound when the chat was linked; absent or "": none was bound. */
  readonly peerIdentity?: string;
}

interface SessionGiven {
  readonly client: MatrixClient;
  readonly guard: GuardedFetch;
  readonly deviceId: string;
  /** Keys go to devices alone that their owners signed. */
  readonly signedOnly: boolean;
  readonly ended: Promise<void>;
  readonly release: () => Promise<void>;
}

/**
 * The bot's device at its homeserver: synced, signed, with a durable crypto store. Sends are made by this class and not
 * by the SDK's `sendEvent`. That one goes through a scheduler which repeats a request up to four times and sleeps as long
 * as a 429 says, with no way to stop it; and it sends plaintext to rooms it does not know. Here one call is one request,
 * through `http.authedRequest`, which never repeats. Requests for keys, which encryption may need first, are repeated by
 * the SDK all the same (2 to 30 s): the caller's signal ends the wait for them, with nothing of the message sent.
 */
export class MatrixSession {
  /** For rooms, invitations and events. Nothing is to be sent by it: the guard keeps plaintext back. */
  readonly client: MatrixClient;
  readonly deviceId: string;
  /** Resolves when the homeserver has ended this device for good; then close, and open a session anew. */
  readonly ended: Promise<void>;
  readonly #given: SessionGiven;
  readonly #machine: OlmMachine;

  constructor(given: SessionGiven) {
    this.#given = given;
    this.client = given.client;
    this.deviceId = given.deviceId;
    this.ended = given.ended;
    this.#machine = new OlmMachine(given.client);
  }

  get userId(): string {
    return this.client.getSafeUserId();
  }

  /**
   * The user's cross-signing master key (unpadded base64), asked from the server now and taken into the crypto store
   * with its signatures checked; "" when he has none. Rejects with ChannelError when the server does not answer.
   */
  async identityOf(userId: string, signal?: AbortSignal): Promise<string> {
    try {
      await this.#machine.refresh(userId, signal);
      return await this.#machine.heldIdentity(userId);
    } catch (error) {
      throw classifyFailure(error);
    }
  }

  /** The user's devices, asked from the server now. None: a message would be lost to him. */
  async devicesOf(userId: string, signal?: AbortSignal): Promise<readonly PeerDevice[]> {
    try {
      await this.#machine.refresh(userId, signal);
      return await this.#knownDevices(userId);
    } catch (error) {
      throw classifyFailure(error);
    }
  }

  /** Why nothing may be sent to this room now; undefined: something may. */
  async isSendable(roomId: string, peer: string): Promise<Unsendable | undefined> {
    return unsendable(this.client, roomId, peer);
  }

  /**
   * Encrypts the event and sends it under exactly this transaction id; resolves with its event id. Repeated with the
   * same id, also by a later process, it resolves with the id of the first event and shows nothing twice (the server
   * remembers for 24 hours). Rejects with ChannelError and nothing else.
   */
  async sendEncrypted(
    roomId: string,
    type: string,
    content: Record<string, unknown>,
    txnId: string,
    given: SendGiven,
  ): Promise<string> {
    const event = await this.#encryptInTime(roomId, type, content, txnId, given);
    const path = `/rooms/${encodeURIComponent(roomId)}/send/m.room.encrypted/${encodeURIComponent(txnId)}`;
    return this.#write(path, event.getWireContent(), txnId, given);
  }

  /** Takes the event's content away from the server and every client. Repeatable like `sendEncrypted`. */
  async redact(roomId: string, eventId: string, txnId: string, given: WriteGiven): Promise<string> {
    const path = `/rooms/${encodeURIComponent(roomId)}/redact/${encodeURIComponent(eventId)}/${encodeURIComponent(txnId)}`;
    return this.#write(path, {}, txnId, given);
  }

  /** Stops syncing, makes the crypto store durable and lets another process have the device. */
  async close(): Promise<void> {
    await this.#given.release();
  }

  // Keys may have to be asked for, which the SDK repeats as long as the server says 429: then nothing was sent.
  async #encryptInTime(
    ...[roomId, type, content, txnId, given]: Parameters<MatrixSession["sendEncrypted"]>
  ): Promise<MatrixEvent> {
    const limited = Promise.withResolvers<never>();
    const unlisten = this.#given.guard.onRateLimit((retryAfterMs) =>
      limited.reject(new ChannelError({ fate: "not-sent", detail: "rate-limited", retryAfterMs })),
    );
    limited.promise.catch(() => undefined);
    try {
      const encrypted = this.#encrypt(roomId, type, content, txnId, given);
      return await bounded(given.signal, Promise.race([encrypted, limited.promise]));
    } catch (error) {
      if (error instanceof ThirdMember) throw refusal("not-alone");
      throw classifyFailure(error, { beforeWrite: given.beforeWrite, left: false, failure: undefined });
    } finally {
      unlisten();
    }
  }

  async #encrypt(
    roomId: string,
    type: string,
    content: Record<string, unknown>,
    txnId: string,
    given: SendGiven,
  ): Promise<MatrixEvent> {
    given.signal.throwIfAborted();
    const why = await unsendable(this.client, roomId, given.peer);
    if (why !== undefined) throw refusal(why);
    const room = this.client.getRoom(roomId);
    if (room === null) throw refusal("not-synced");
    await this.#holdIdentity(roomId, given);
    const event = new MatrixEvent({ type, content, room_id: roomId, sender: this.userId, event_id: `~${txnId}` });
    event.setTxnId(txnId);
    await this.#machine.encrypt(event, room, given.peer);
    if (event.getWireType() !== "m.room.encrypted") throw refusal("not-encrypted");
    await this.#holdIdentity(roomId, given);
    if (!(await this.#reachesSomebody(given.peer))) throw new ChannelError({ fate: "permanent", detail: "gone" });
    return event;
  }

  // A message sent while he has no device that gets its key is lost to him, and nobody would learn of it.
  async #reachesSomebody(peer: string): Promise<boolean> {
    const devices = await this.#knownDevices(peer);
    return devices.some(({ signedByOwner }) => signedByOwner || !this.#given.signedOnly);
  }

  async #knownDevices(userId: string): Promise<PeerDevice[]> {
    const crypto = this.client.getCrypto();
    const devices = await crypto?.getUserDeviceInfo([userId], true);
    const ids = [...(devices?.get(userId)?.keys() ?? [])];
    return Promise.all(
      ids.map(async (deviceId) => {
        const verdict = await crypto?.getDeviceVerificationStatus(userId, deviceId);
        return { deviceId, signedByOwner: verdict?.signedByOwner === true };
      }),
    );
  }

  // Before encryption, so that no key goes to an impostor's devices; after it, because keys may have come in meanwhile.
  async #holdIdentity(roomId: string, { peer, peerIdentity = "" }: SendGiven): Promise<void> {
    if (peerIdentity === "" || (await this.#machine.heldIdentity(peer)) === peerIdentity) return;
    await this.client.getCrypto()?.forceDiscardSession(roomId);
    throw new ChannelError({ fate: "permanent", reason: "CHANNEL_IDENTITY_CHANGED", detail: "identity-changed" });
  }

  async #write(path: string, body: Record<string, unknown>, txnId: string, given: WriteGiven): Promise<string> {
    const awaited: AwaitedWrite = { beforeWrite: given.beforeWrite, left: false, failure: undefined };
    try {
      given.signal.throwIfAborted();
      const answer = await this.#given.guard.awaiting(txnId, awaited, () =>
        bounded(
          given.signal,
          this.client.http.authedRequest<{ event_id?: unknown }>(Method.Put, path, undefined, body, {
            abortSignal: given.signal,
            priority: "high",
          }),
        ),
      );
      if (typeof answer.event_id === "string" && answer.event_id !== "") return answer.event_id;
      throw new ChannelError({ fate: "unknown", detail: "malformed-answer" });
    } catch (error) {
      throw classifyFailure(error, awaited);
    }
  }
}

function refusal(why: Unsendable): ChannelError {
  switch (why) {
    case "not-synced":
      return new ChannelError({ fate: "not-sent", detail: "not-ready" });
    case "not-encrypted":
      return new ChannelError({ fate: "not-sent", detail: "not-encrypted" });
    case "peer-absent":
    case "not-alone":
      return new ChannelError({ fate: "permanent", reason: "CHANNEL_BLOCKED_BY_USER", detail: "blocked" });
  }
}
