/**
 * One interface of the key on a bus. Whoever makes one says where the host's reports go; each is 64 bytes, and the host
 * controls every one of them.
 */
export interface Backend {
  /** Appears on the bus; nothing happens when it is there. Rejects where the bus does not take it, and is off it then. */
  plug(): Promise<void>;
  /** Leaves the bus: every opener loses it at once, and no report of the host arrives any more. */
  unplug(): Promise<void>;
  /** Sends one report to every opener, in the order of the calls. Nothing happens off the bus: reports are not kept. */
  send(report: Uint8Array): void;
}

/** Makes the back end of one interface; `onReport` takes each report of the host. */
export type ConnectBackend = (onReport: (report: Uint8Array) => void) => Backend;
