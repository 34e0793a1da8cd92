import type { KeyState } from "./key-state.ts";

/** Where the key keeps its state without power. */
export interface KeyStore {
  /** The last saved state; undefined on a fresh key. Throws when something is there that cannot be opened. */
  load(): KeyState | undefined;
  /**
   * Replaces the state as a whole. It is durable when this returns: after a power cut at any moment `load` gives the old
   * state or the new one. Throws when that cannot be promised; which of the two is there is then unknown.
   */
  save(state: KeyState): void;
}

/** A store that forgets with the process, for keys in memory. */
export class MemoryKeyStore implements KeyStore {
  #state: KeyState | undefined;

  load(): KeyState | undefined {
    return this.#state;
  }

  save(state: KeyState): void {
    this.#state = state;
  }
}
