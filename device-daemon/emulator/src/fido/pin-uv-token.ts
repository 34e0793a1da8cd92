import { CtapError, CtapStatus, type PinProtocol } from "@countersign/key-protocol";
import type { KeyClock } from "../device.ts";
import type { Random } from "../storage/random.ts";
import { Permission } from "./permission.ts";

/** A token that nobody uses lives this long, in milliseconds. */
const UNUSED_MS = 30_000;

/** Any token lives this long, in milliseconds. */
const LIFE_MS = 600_000;

type Live = {
  readonly token: Uint8Array;
  readonly protocol: PinProtocol;
  readonly bornAt: number;
  permissions: number;
  rpId: string | undefined;
  used: boolean;
};

/** The one pinUvAuthToken: whoever holds it has shown PIN or finger, for what it permits, on this RP, for a while. */
export class PinUvToken {
  readonly #clock: KeyClock;
  readonly #random: Random;
  #live: Live | undefined;

  constructor(clock: KeyClock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** A new token; the one before is dead. */
  issue(protocol: PinProtocol, permissions: number, rpId: string | undefined): Uint8Array {
    const token = this.#random(32);
    const bornAt = this.#clock.now();
    this.#live = { token, protocol, permissions, rpId, bornAt, used: false };
    return token;
  }

  /** The token is dead: power, reset, PIN change. */
  end(): void {
    this.#live = undefined;
  }

  /** What one signature needed has been given; only writing large blobs goes on. */
  spend(): void {
    if (this.#live !== undefined) this.#live.permissions &= Permission.LARGE_BLOB_WRITE;
  }

  /**
   * Throws CtapError PIN_AUTH_INVALID unless `param` proves that the host has the token and it permits this. A token
   * without RP is bound to the first one that it is used for.
   */
  check(given: {
    readonly protocol: PinProtocol;
    readonly message: Uint8Array;
    readonly param: Uint8Array;
    readonly permission: Permission;
    readonly rpId?: string;
  }): void {
    const live = this.#alive();
    const holds =
      live !== undefined &&
      live.protocol === given.protocol &&
      given.protocol.verify(live.token, given.message, given.param) &&
      (live.permissions & given.permission) !== 0 &&
      (given.rpId === undefined || live.rpId === undefined || live.rpId === given.rpId);
    if (!holds) throw new CtapError(CtapStatus.PIN_AUTH_INVALID, "no token that permits this");
    live.used = true;
    if (given.rpId !== undefined) live.rpId ??= given.rpId;
  }

  /** The RP that the token is bound to. */
  get rpId(): string | undefined {
    return this.#live?.rpId;
  }

  #alive(): Live | undefined {
    const live = this.#live;
    if (live === undefined) return undefined;
    const age = this.#clock.now() - live.bornAt;
    if (age >= LIFE_MS || (!live.used && age >= UNUSED_MS)) this.#live = undefined;
    return this.#live;
  }
}
