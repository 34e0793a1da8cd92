import { scryptSync, timingSafeEqual } from "node:crypto";
import { PinState } from "@countersign/key-protocol";
import { PIN_RETRIES } from "./key-state.ts";
import type { Random } from "./random.ts";
import type { Vault } from "./vault.ts";

/** Digits of a PIN. */
export const PIN_DIGITS = { min: 6, max: 12 } as const;

/** This many wrong ones in a row need an unplug. */
export const WRONG_IN_A_ROW = 3;

/**
 * Checks PINs. The retry counter is durable before each compare, so that a power cut costs a try and never grants one;
 * the count of wrong ones in a row lives until the power goes.
 */
export class PinGuard {
  readonly #vault: Vault;
  readonly #random: Random;
  #wrongInARow = 0;

  constructor(vault: Vault, random: Random) {
    this.#vault = vault;
    this.#random = random;
  }

  get retries(): number {
    return this.#vault.state.retries;
  }

  get state(): PinState {
    if (this.#vault.state.pin === undefined) return PinState.NONE;
    if (this.retries === 0) return PinState.BLOCKED;
    return this.#wrongInARow >= WRONG_IN_A_ROW ? PinState.UNPLUG : PinState.SET;
  }

  /** True when the PIN is right, which also restores all tries. Throws StorageError before anything is compared. */
  check(pin: string): boolean {
    const held = this.#vault.state.pin;
    if (held === undefined || this.state !== PinState.SET) return false;
    this.#vault.change((state) => ({ ...state, retries: state.retries - 1 }));
    this.#wrongInARow++;
    if (!timingSafeEqual(hashPin(pin, held.salt), held.hash)) return false;
    this.#wrongInARow = 0;
    // One write: the finger sensor works again as well.
    this.#vault.change(({ fingerTries: _used, ...state }) => ({ ...state, retries: PIN_RETRIES }));
    return true;
  }

  /** Sets the PIN, in one write. The caller has checked the old one. */
  set(pin: string): void {
    const salt = this.#random(16);
    this.#vault.change((state) => ({ ...state, pin: { salt, hash: hashPin(pin, salt) }, retries: PIN_RETRIES }));
    this.#wrongInARow = 0;
  }
}

// What keeps the PIN is the retry counter and the seal around the state: a few digits fall to whoever can guess offline.
function hashPin(pin: string, salt: Uint8Array): Uint8Array {
  return new Uint8Array(scryptSync(pin, salt, 32, { N: 2 ** 11, r: 8, p: 1 }));
}
