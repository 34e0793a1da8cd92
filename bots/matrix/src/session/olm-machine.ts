import type { MatrixClient } from "matrix-js-sdk/lib/client.js";
import { Method } from "matrix-js-sdk/lib/http-api/method.js";
import type { MatrixEvent } from "matrix-js-sdk/lib/models/event.js";
import { Room } from "matrix-js-sdk/lib/models/room.js";

/** A device of a user, as the crypto store knows it. */
export interface PeerDevice {
  readonly deviceId: string;
  /** Signed by the identity that the store knows for its owner. */
  readonly signedByOwner: boolean;
}

interface Freed {
  free(): void;
}

interface RustIdentity extends Freed {
  /** JSON of the signed key, as the server gave it; its signatures were checked when it was taken in. */
  readonly masterKey: string;
}

interface RustRequest {
  readonly id: string;
  readonly type: number;
  readonly body: string;
}

interface RustUserId extends Freed {
  toString(): string;
}

interface RustOlmMachine {
  readonly userId: RustUserId;
  getIdentity(user: RustUserId): Promise<RustIdentity | undefined>;
  queryKeysForUsers(users: RustUserId[]): RustRequest;
  markRequestAsSent(id: string, type: number, response: string): Promise<unknown>;
}

interface RustCrypto {
  readonly olmMachine: RustOlmMachine;
  encryptEvent(event: MatrixEvent, room: Room): Promise<void>;
}

/** Somebody else came into the room after it was looked at. */
export class ThirdMember extends Error {
  override readonly name: string = "ThirdMember";
}

/**
 * What the SDK has but does not offer: encryption without its own sending (which repeats, and falls back to plaintext),
 * and another user's identity key (public are only verdicts on it). Bound to the version in package.json, and covered
 * by tests against a homeserver.
 */
export class OlmMachine {
  readonly #client: MatrixClient;

  constructor(client: MatrixClient) {
    this.#client = client;
  }

  /**
   * Replaces the event's content by its ciphertext, after the room's key went to every device that may have it. The
   * homeserver says who is in the room and may say otherwise from one moment to the next, so the very list by which the
   * SDK gives out keys is looked at: throws ThirdMember, with no key given out, when anybody but `peer` and the bot is on it.
   */
  async encrypt(event: MatrixEvent, room: Room, peer: string): Promise<void> {
    const both: readonly string[] = [this.#client.getSafeUserId(), peer];
    room.getEncryptionTargetMembers = async () => {
      const members = await Room.prototype.getEncryptionTargetMembers.call(room);
      if (members.some(({ userId }) => !both.includes(userId))) throw new ThirdMember();
      return members;
    };
    await this.#crypto.encryptEvent(event, room);
  }

  /** The user's master key as the crypto store holds it, unpadded base64; "" when it knows none. */
  async heldIdentity(userId: string): Promise<string> {
    const identity = await this.#crypto.olmMachine.getIdentity(this.#user(userId));
    if (identity === undefined) return "";
    try {
      return masterKeyIn(JSON.parse(identity.masterKey));
    } finally {
      identity.free();
    }
  }

  /** Asks the server for the user's keys and takes the answer in, whatever was known of him before. */
  async refresh(userId: string, signal: AbortSignal | undefined): Promise<void> {
    const machine = this.#crypto.olmMachine;
    const request = machine.queryKeysForUsers([this.#user(userId)]);
    const answer = await this.#client.http.authedRequest<string>(Method.Post, "/keys/query", {}, request.body, {
      json: false,
      headers: { "content-type": "application/json" },
      priority: "high",
      ...(signal === undefined ? {} : { abortSignal: signal }),
    });
    await machine.markRequestAsSent(request.id, request.type, answer);
  }

  get #crypto(): RustCrypto {
    const crypto = this.#client.getCrypto() as unknown as RustCrypto | undefined;
    if (crypto?.olmMachine === undefined) throw new Error("the session has no crypto store");
    return crypto;
  }

  // The class of user ids belongs to a package that the SDK brings along, so it is taken from an instance.
  #user(userId: string): RustUserId {
    const { constructor: UserId } = this.#crypto.olmMachine.userId as unknown as {
      constructor: new (id: string) => RustUserId;
    };
    return new UserId(userId);
  }
}

/** The one key of a cross-signing key object of the protocol; "" when it has none of ours to read. */
export function masterKeyIn(signed: unknown): string {
  const keys = (signed as { keys?: Record<string, unknown> } | undefined)?.keys;
  const [entry, more] = Object.entries(keys ?? {});
  if (entry === undefined || more !== undefined) return "";
  const [name, key] = entry;
  return typeof key === "string" && name === `ed25519:${key}` ? key : "";
}
