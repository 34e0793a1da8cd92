import { randomBytes, timingSafeEqual } from "node:crypto";
import { type FSWatcher, watch } from "node:fs";
import { status, type StatusObject } from "@grpc/grpc-js";
import type { Pairing, PairingFile } from "./pairing-file.ts";
import { hashOfToken, newPairingToken } from "./pairing-token.ts";

/** Browsers of one user that one page is paired in; beyond it the oldest leaves. */
export const PER_ORIGIN = 16;

/** A pairing that a token proved. */
export interface Proven {
  readonly id: string;
  /** Aborted, with the status for its calls, when the pairing ends. */
  readonly ended: AbortSignal;
}

const ENDED: Partial<StatusObject> = { code: status.UNAUTHENTICATED, details: "the pairing of this page was ended" };

/** The pages that may use the keys. What the file says holds at once, also when another process has changed it. */
export class Pairings {
  readonly #file: PairingFile;
  readonly #ends = new Map<string, AbortController>();
  #held: readonly Pairing[] = [];
  #watcher: FSWatcher | undefined;

  /** Throws PairingFileError where the file cannot be trusted. */
  constructor(file: PairingFile) {
    this.#file = file;
    this.#take(file.read());
  }

  list(): readonly Pairing[] {
    return this.#held;
  }

  /** Ends open calls, too, as soon as another process takes a pairing out of the file. */
  watch(): void {
    this.#watcher = watch(this.#file.folder, () => this.reload());
    this.#watcher.on("error", () => this.#watcher?.close());
  }

  close(): void {
    this.#watcher?.close();
  }

  /** A new pairing; the result is its token, which nobody keeps here. */
  add(origin: string): string {
    const token = newPairingToken();
    const pairing: Pairing = {
      id: randomBytes(8).toString("hex"),
      origin,
      tokenHash: hashOfToken(token).toString("hex"),
      pairedAt: new Date().toISOString(),
    };
    const others = this.#file.read();
    const leaving = others.filter((each) => each.origin === origin).slice(0, 1 - PER_ORIGIN);
    this.#replace([...others.filter((each) => !leaving.includes(each)), pairing]);
    return token;
  }

  /** Ends the pairing of this id, or all of this origin; how many there were. */
  remove(idOrOrigin: string): number {
    const before = this.#file.read();
    const after = before.filter(({ id, origin }) => id !== idOrOrigin && origin !== idOrOrigin);
    if (after.length < before.length) this.#replace(after);
    return before.length - after.length;
  }

  /** The pairing of this origin that a token belongs to. Every one of them is compared, each in constant time. */
  find(origin: string, token: string): Proven | undefined {
    this.reload();
    const hash = hashOfToken(token);
    const equal = this.#held
      .filter((each) => each.origin === origin)
      .filter(({ tokenHash }) => timingSafeEqual(Buffer.from(tokenHash, "hex"), hash));
    const [found] = equal;
    const end = found === undefined ? undefined : this.#ends.get(found.id);
    return found === undefined || end === undefined ? undefined : { id: found.id, ended: end.signal };
  }

  /** Takes over what the file says; a file that cannot be trusted ends every pairing. */
  reload(): void {
    try {
      this.#take(this.#file.read());
    } catch {
      this.#take([]);
    }
  }

  #replace(pairings: readonly Pairing[]): void {
    this.#file.write(pairings);
    this.#take(pairings);
  }

  #take(pairings: readonly Pairing[]): void {
    this.#held = pairings;
    for (const { id } of pairings) if (!this.#ends.has(id)) this.#ends.set(id, new AbortController());
    const left = [...this.#ends].filter(([id]) => !pairings.some((each) => each.id === id));
    for (const [id, end] of left) {
      this.#ends.delete(id);
      // The call that ended the pairing is answered first.
      setImmediate(() => end.abort(ENDED));
    }
  }
}
