import type { WaitsFor } from "@countersign/key-protocol";

/** What the link hands requests to. One request at a time. */
export interface Application {
  /** Begins a request of command 0x59. `done` is called once with the answer, at once or later, unless `abort` comes first. */
  begin(channel: number, message: Uint8Array, done: (reply: Uint8Array) => void): void;
  /**
   * A further message on the channel whose request is open: an answer of its own, "cancel" for the open request, or
   * undefined when the channel is busy.
   */
  during(message: Uint8Array): Uint8Array | "cancel" | undefined;
  /** Ends the open request; `done` says so. */
  cancel(): void;
  /** Ends the open request without an answer. */
  abort(): void;
  /** For keepalives. */
  waitsFor(): WaitsFor;
}
