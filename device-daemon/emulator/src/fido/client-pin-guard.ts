import { scryptSync, timingSafeEqual } from "node:crypto";
import { AgreementPair, CtapError, CtapStatus, PIN_LENGTH } from "@countersign/key-protocol";
import { sha256 } from "@countersign/protocol";
import type { Random } from "../storage/random.ts";
import { CLIENT_PIN_RETRIES, UV_RETRIES } from "./fido-state.ts";
import type { FidoVault } from "./fido-vault.ts";

/** This many wrong ones in a row need an unplug. */
const WRONG_IN_A_ROW = 3;

/**
 * FIDO's PIN, which is typed on the PC and has nothing to do with the one of the keypad. The retry counter is durable
 * before each compare, so that a power cut costs a try and never grants one.
 */
export class ClientPinGuard {
  readonly #vault: FidoVault;
  readonly #random: Random;
  #wrongInARow = 0;
  #agreement: AgreementPair = new AgreementPair();

  constructor(vault: FidoVault, random: Random) {
    this.#vault = vault;
    this.#random = random;
  }

  get isSet(): boolean {
    return this.#vault.state.pin !== undefined;
  }

  get retries(): number {
    return this.#vault.state.pinRetries;
  }

  /** Three wrong ones in a row: nothing is compared until the next power. */
  get needsPower(): boolean {
    return this.#wrongInARow >= WRONG_IN_A_ROW;
  }

  /** The key's pair for key agreement; a new one after power, reset and every wrong PIN. */
  get agreement(): AgreementPair {
    return this.#agreement;
  }

  /** Ends what was agreed with hosts before. */
  renew(): void {
    this.#agreement = new AgreementPair();
    this.#wrongInARow = 0;
  }

  /** Throws CtapError unless a PIN would be compared now. */
  checkOpen(): void {
    if (!this.isSet) throw new CtapError(CtapStatus.PIN_NOT_SET, "no PIN is set");
    if (this.retries === 0) throw new CtapError(CtapStatus.PIN_BLOCKED, "no tries are left, only a reset helps");
    if (this.needsPower) throw new CtapError(CtapStatus.PIN_AUTH_BLOCKED, "three wrong in a row, unplug the key");
  }

  /**
   * Compares the 16 bytes that stand for a PIN. Throws CtapError when they are wrong or nothing is compared, StorageError
   * before anything is compared. A right one restores all tries, of PIN and finger.
   */
  check(pinHash: Uint8Array): void {
    this.checkOpen();
    const held = this.#vault.state.pin;
    if (held === undefined) return;
    this.#vault.change((state) => ({ ...state, pinRetries: state.pinRetries - 1 }));
    this.#wrongInARow++;
    if (!timingSafeEqual(stretched(pinHash, held.salt), held.hash)) {
      this.#agreement = new AgreementPair();
      if (this.retries === 0) throw new CtapError(CtapStatus.PIN_BLOCKED, "wrong, and no tries are left");
      if (this.needsPower) throw new CtapError(CtapStatus.PIN_AUTH_BLOCKED, "three wrong in a row, unplug the key");
      throw new CtapError(CtapStatus.PIN_INVALID, "wrong PIN");
    }
    this.#wrongInARow = 0;
    this.#vault.change((state) => ({ ...state, pinRetries: CLIENT_PIN_RETRIES, uvRetries: UV_RETRIES }));
  }

  /** Throws CtapError PIN_POLICY_VIOLATION unless the PIN, filled with zeros to 64 bytes, may be set. Its length. */
  checkNew(padded: Uint8Array): { readonly pin: Uint8Array; readonly length: number } {
    if (padded.length !== 64) throw new CtapError(CtapStatus.INVALID_PARAMETER, "a new PIN comes as 64 bytes");
    const pin = padded.subarray(0, padded.findLastIndex((byte) => byte !== 0) + 1);
    const length = codePointsOf(pin);
    const { minPinLength } = this.#vault.state;
    if (pin.length > PIN_LENGTH.maxBytes || length < minPinLength) {
      throw new CtapError(CtapStatus.PIN_POLICY_VIOLATION, `a PIN has ${minPinLength} code points to 63 bytes`);
    }
    return { pin, length };
  }

  /** Sets the PIN that checkNew let pass. The caller has checked the old one. */
  set(fresh: { readonly pin: Uint8Array; readonly length: number }): void {
    const pinHash = sha256(fresh.pin).subarray(0, 16);
    const salt = this.#random(16);
    this.#vault.change(({ persistentToken: _ended, ...state }) => ({
      ...state,
      pin: { salt, hash: stretched(pinHash, salt), length: fresh.length },
      pinRetries: CLIENT_PIN_RETRIES,
      mustChangePin: false,
    }));
  }

  /** Whether this is the PIN that is set. The caller has checked the PIN; it is for a change that must be one. */
  isSame(pin: Uint8Array): boolean {
    const held = this.#vault.state.pin;
    return held !== undefined && timingSafeEqual(stretched(sha256(pin).subarray(0, 16), held.salt), held.hash);
  }
}

// What keeps the PIN is the retry counter and the seal around the state.
function stretched(pinHash: Uint8Array, salt: Uint8Array): Uint8Array {
  return new Uint8Array(scryptSync(pinHash, salt, 32, { N: 2 ** 11, r: 8, p: 1 }));
}

function codePointsOf(utf8: Uint8Array): number {
  return utf8.filter((byte) => (byte & 0xc0) !== 0x80).length;
}
