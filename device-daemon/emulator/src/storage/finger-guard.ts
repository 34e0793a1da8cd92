import { timingSafeEqual } from "node:crypto";
import { sha256, utf8 } from "@countersign/protocol";
import type { Finger } from "./key-state.ts";
import type { Random } from "./random.ts";
import type { Vault } from "./vault.ts";

/** Fingers that a key knows at most. */
export const MAX_FINGERS = 5;

/** This many wrong touches in a row, and the sensor rests: until the PIN is given or, without a keypad, until unplug. */
export const WRONG_FINGERS = 5;

/** Without a keypad there is no PIN to fall back to: this many wrong touches, over unplugs too, and only a reset helps. */
export const WRONG_WITHOUT_PIN = 15;

/** A finger on the sensor. The name stands for what a real sensor sees; without one the sensor says by itself. */
export interface Touch {
  readonly match: boolean;
  readonly name?: string;
}

/**
 * The finger sensor. As with the PIN, a try is durable before the finger is compared, so that a power cut costs one and
 * never grants one.
 */
export class FingerGuard {
  readonly #vault: Vault;
  readonly #random: Random;
  readonly #tries: number;
  #wrongInARow = 0;

  constructor(vault: Vault, random: Random, hasPin: boolean) {
    this.#vault = vault;
    this.#random = random;
    this.#tries = hasPin ? WRONG_FINGERS : WRONG_WITHOUT_PIN;
  }

  /** Slots of the fingers that are known, from 1. */
  get slots(): readonly number[] {
    return this.#fingers.map(({ slot }) => slot);
  }

  /** Wrong touches that are left. */
  get triesLeft(): number {
    return this.#vault.state.fingerTries ?? this.#tries;
  }

  /** There is a finger to compare with, and a try to do it. */
  get isOpen(): boolean {
    return this.#fingers.length > 0 && this.triesLeft > 0 && this.#wrongInARow < WRONG_FINGERS;
  }

  /** True when the finger is known, which also restores all tries. Throws StorageError before anything is compared. */
  check(touch: Touch): boolean {
    if (!this.isOpen) return false;
    this.#vault.change((state) => ({ ...state, fingerTries: this.triesLeft - 1 }));
    this.#wrongInARow++;
    if (!this.knows(touch)) return false;
    this.#vault.change(({ fingerTries: _used, ...state }) => state);
    this.#wrongInARow = 0;
    return true;
  }

  /** The sensor works again; the PIN was right and has restored the durable count. */
  wake(): void {
    this.#wrongInARow = 0;
  }

  /** Keeps a finger; its slot, or undefined when all are taken. The caller has verified the user. */
  enrol(touch: Touch): number | undefined {
    const slot = [1, 2, 3, 4, 5].find((free) => !this.slots.includes(free));
    if (slot === undefined) return undefined;
    const salt = this.#random(16);
    const finger: Finger = { slot, salt, template: templateOf(salt, touch.name) };
    this.#vault.change((state) => ({ ...state, fingers: [...(state.fingers ?? []), finger].toSorted(bySlot) }));
    return slot;
  }

  /** Forgets the finger in this slot. */
  remove(slot: number): void {
    this.#vault.change((state) => ({ ...state, fingers: this.#fingers.filter((each) => each.slot !== slot) }));
  }

  /** Compares without counting: for who counts by itself, before. All fingers are compared, whichever matches. */
  knows(touch: Touch): boolean {
    if (touch.name === undefined) return touch.match;
    const found = this.#fingers.map(({ salt, template }) => timingSafeEqual(templateOf(salt, touch.name), template));
    return found.includes(true);
  }

  get #fingers(): readonly Finger[] {
    return this.#vault.state.fingers ?? [];
  }
}

function templateOf(salt: Uint8Array, name = ""): Uint8Array {
  return sha256(salt, utf8(name));
}

function bySlot(one: Finger, other: Finger): number {
  return one.slot - other.slot;
}
