import { type Credential, type KeyState, PIN_RETRIES } from "./key-state.ts";
import type { KeyStore } from "./key-store.ts";
import { newAttestation } from "./signing-key.ts";

/** The store failed: nothing that hangs on the write may happen. */
export class StorageError extends Error {
  constructor(cause: unknown) {
    super("the key's store failed", { cause });
    this.name = "StorageError";
  }
}

/** The state in memory; every change is durable before it counts. */
export class Vault {
  readonly #store: KeyStore;
  #state: KeyState;

  constructor(store: KeyStore) {
    this.#store = store;
    const found = store.load();
    this.#state = found ?? { attestation: newAttestation(), retries: PIN_RETRIES, credentials: [] };
    if (found === undefined) this.#save(this.#state);
  }

  get state(): KeyState {
    return this.#state;
  }

  /** Changes the state. Throws StorageError, and then nothing has changed in memory. */
  change(step: (state: KeyState) => KeyState): void {
    this.#save(step(this.#state));
  }

  credential(keyId: Uint8Array): Credential | undefined {
    return this.#state.credentials.find((held) => Buffer.compare(held.keyId, keyId) === 0);
  }

  /** The next counter of a credential, durable when this returns. */
  nextCounter(credential: Credential): number {
    const held = this.credential(credential.keyId) ?? credential;
    const counter = held.counter + 1;
    this.change((state) => ({
      ...state,
      credentials: state.credentials.map((each) => (each === held ? { ...each, counter } : each)),
    }));
    return counter;
  }

  #save(state: KeyState): void {
    try {
      this.#store.save(state);
    } catch (cause) {
      throw new StorageError(cause);
    }
    this.#state = state;
  }
}
