import { CtapError, CtapStatus } from "@countersign/key-protocol";
import type { Profile } from "../device.ts";
import { UV_RETRIES } from "./fido-state.ts";
import type { FidoVault } from "./fido-vault.ts";

/** Fingers that one request may try. */
export const FINGERS_PER_REQUEST = 3;

/** The finger sensor as FIDO counts it: a try is durable before the sensor's word is heard. */
export class UvGuard {
  readonly #vault: FidoVault;
  readonly #profile: Profile;

  constructor(vault: FidoVault, profile: Profile) {
    this.#vault = vault;
    this.#profile = profile;
  }

  /** The key can verify its user by itself. */
  get isReady(): boolean {
    return this.#profile.finger;
  }

  get retries(): number {
    return this.#vault.state.uvRetries;
  }

  /** Throws CtapError UV_BLOCKED once the sensor rests until the PIN is given. */
  checkOpen(): void {
    if (this.retries === 0) throw new CtapError(CtapStatus.UV_BLOCKED, "too many wrong fingers, give the PIN");
  }

  /** Counts one finger and says whether it was right. */
  check(match: boolean): boolean {
    this.checkOpen();
    this.#vault.change((state) => ({ ...state, uvRetries: state.uvRetries - 1 }));
    if (match) this.#vault.change((state) => ({ ...state, uvRetries: UV_RETRIES }));
    return match;
  }
}
