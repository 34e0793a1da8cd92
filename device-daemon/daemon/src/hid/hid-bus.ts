import { afterRunning } from "./after-running.ts";
import type { Release } from "./device-lock.ts";
import type { HidTransport } from "./hid-transport.ts";
import { LinkError } from "./link-error.ts";

/** A key takes a report in milliseconds; one that takes none for so long, in milliseconds, is stuck. */
const WRITE_MS = 2_000;

type Listener = { readonly report: (report: Uint8Array) => void; readonly closed: () => void };

/** One transport, heard by all channels that are open on it. */
export class HidBus {
  readonly name: string;
  /** All times that a key is given are longer by this factor. */
  readonly patience: number;
  readonly #transport: HidTransport;
  readonly #listeners = new Set<Listener>();
  #gone = false;

  constructor(transport: HidTransport) {
    this.name = transport.name;
    this.patience = transport.patience ?? 1;
    this.#transport = transport;
    transport.onReport((report) => {
      for (const listener of this.#listeners) listener.report(report);
    });
    transport.onClose(() => {
      this.#gone = true;
      for (const listener of this.#listeners) listener.closed();
    });
  }

  /** The key has left. */
  get gone(): boolean {
    return this.#gone;
  }

  /** Hears every report and, once, the end; at once when the end is already there. Call the result to stop. */
  listen(report: (report: Uint8Array) => void, closed: () => void): () => void {
    const listener = { report, closed };
    this.#listeners.add(listener);
    if (this.#gone) queueMicrotask(closed);
    return () => this.#listeners.delete(listener);
  }

  /** Rejects with LinkError "left" once the key is gone. One that takes no report within WRITE_MS is made to be. */
  async write(report: Uint8Array): Promise<void> {
    if (this.#gone) throw this.#left();
    const { promise: late, reject } = Promise.withResolvers<never>();
    const stop = afterRunning(WRITE_MS * this.patience, () => {
      reject(this.#left());
      this.close();
    });
    try {
      await Promise.race([this.#transport.write(report), late]);
    } finally {
      stop();
    }
  }

  /** Takes the device for one request, as far as other programs keep to that. */
  async take(): Promise<Release | "held"> {
    return (await this.#transport.lock?.take()) ?? ((): void => undefined);
  }

  close(): void {
    this.#transport.close();
  }

  #left(): LinkError {
    return new LinkError("left", `the key at ${this.name} has left`);
  }
}
