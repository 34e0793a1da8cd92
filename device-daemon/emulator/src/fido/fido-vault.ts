import type { Random } from "../storage/random.ts";
import type { Vault } from "../storage/vault.ts";
import { decodeFidoState, encodeFidoState, type FidoState, freshFido, wipedFido } from "./fido-state.ts";

/** The FIDO application's part of the key's state; every change is durable before it counts. */
export class FidoVault {
  readonly #vault: Vault;
  readonly #random: Random;
  #read: { readonly bytes: Uint8Array; readonly state: FidoState } | undefined;

  /** Makes certificate and wrapping key on a key that has none yet. Throws StorageError. */
  constructor(vault: Vault, random: Random) {
    this.#vault = vault;
    this.#random = random;
    if (vault.state.fido === undefined) this.#save(freshFido(random));
  }

  get state(): FidoState {
    const bytes = this.#vault.state.fido;
    if (bytes === undefined) return this.#save(freshFido(this.#random));
    // A reset by the other interface replaces the bytes.
    if (this.#read?.bytes !== bytes) this.#read = { bytes, state: decodeFidoState(bytes) };
    return this.#read.state;
  }

  /** Changes the state. Throws StorageError, and then nothing has changed in memory. */
  change(step: (state: FidoState) => FidoState): void {
    this.#save(step(this.state));
  }

  /** The next signature counter, durable when this returns. */
  nextCounter(): number {
    const counter = this.state.counter + 1;
    this.change((state) => ({ ...state, counter }));
    return counter;
  }

  /** Forgets everything but the device's own certificate. */
  wipe(): void {
    this.#save(decodeFidoState(wipedFido(encodeFidoState(this.state), this.#random)));
  }

  #save(state: FidoState): FidoState {
    const bytes = encodeFidoState(state);
    this.#vault.change((whole) => ({ ...whole, fido: bytes }));
    this.#read = { bytes, state };
    return state;
  }
}
