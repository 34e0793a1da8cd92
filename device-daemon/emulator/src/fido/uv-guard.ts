import { CtapError, CtapStatus } from "@countersign/key-protocol";
import type { Profile } from "../device.ts";
import type { FingerGuard, Touch } from "../storage/finger-guard.ts";
import { UV_RETRIES } from "./fido-state.ts";
import type { FidoVault } from "./fido-vault.ts";

/** Fingers that one request may try. */
export const FINGERS_PER_REQUEST = 3;

/**
 * The finger sensor as FIDO counts it, apart from Countersign's count: what a PIN typed on the PC restores must not be
 * that of the key's own PIN. A try is durable before the finger is compared.
 */
export class UvGuard {
  readonly #vault: FidoVault;
  readonly #profile: Profile;
  readonly #finger: FingerGuard;

  constructor(vault: FidoVault, profile: Profile, finger: FingerGuard) {
    this.#vault = vault;
    this.#profile = profile;
    this.#finger = finger;
  }

  /** The key can verify its user by itself. A plain FIDO2 key has no menu: its sensor knows its owner from the start. */
  get isReady(): boolean {
    return this.#profile.finger && (!this.#profile.vendor || this.#finger.slots.length > 0);
  }

  get retries(): number {
    return this.#vault.state.uvRetries;
  }

  /** Throws CtapError UV_BLOCKED once the sensor rests until the PIN is given. */
  checkOpen(): void {
    if (this.retries === 0) throw new CtapError(CtapStatus.UV_BLOCKED, "too many wrong fingers, give the PIN");
  }

  /** Counts one finger and says whether it was right. */
  check(touch: Touch): boolean {
    this.checkOpen();
    this.#vault.change((state) => ({ ...state, uvRetries: state.uvRetries - 1 }));
    if (!this.#finger.knows(touch)) return false;
    this.#vault.change((state) => ({ ...state, uvRetries: UV_RETRIES }));
    return true;
  }
}
