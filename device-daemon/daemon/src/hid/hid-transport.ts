import type { DeviceLock } from "./device-lock.ts";

/** The cable to one key: raw 64-byte reports, no framing, no promise that a report arrives. */
export interface HidTransport {
  /** For logs: a path, never a secret. */
  readonly name: string;
  /** To be held during a request, where other programs may open the same device. */
  readonly lock?: DeviceLock;
  /** How many times longer than a real key this one may take: an emulated key waits for the computer's processors too. */
  readonly patience?: number;
  /** Sends one report. Rejects with LinkError when the key is gone or takes no report. */
  write(report: Uint8Array): Promise<void>;
  /** Called for each report of the key, also those meant for other programs. One listener. */
  onReport(listener: (report: Uint8Array) => void): void;
  /** Called once, when the key has left or the transport was closed. One listener. */
  onClose(listener: () => void): void;
  /** Lets go of the key. */
  close(): void;
}
