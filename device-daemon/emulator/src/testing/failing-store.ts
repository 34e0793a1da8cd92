import type { KeyState } from "../storage/key-state.ts";
import { type KeyStore, MemoryKeyStore } from "../storage/key-store.ts";

/** A store that fails at the nth save from now: before anything is written, or after. */
export class FailingStore implements KeyStore {
  readonly #held = new MemoryKeyStore();
  #plan: { left: number; readonly written: boolean } | undefined;

  load(): KeyState | undefined {
    return this.#held.load();
  }

  save(state: KeyState): void {
    const fails = this.#plan !== undefined && --this.#plan.left === 0;
    if (!fails || this.#plan?.written === true) this.#held.save(state);
    if (fails) throw new Error("the power went");
  }

  /** `nth` 1 is the next save. */
  failAt(nth: number, written: boolean): void {
    this.#plan = { left: nth, written };
  }

  heal(): void {
    this.#plan = undefined;
  }
}
