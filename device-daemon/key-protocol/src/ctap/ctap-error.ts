import type { CtapStatus } from "./ctap-status.ts";

/** A malformed CTAP2 message. `status` is what an authenticator answers to it; a host treats it as a garbled answer. */
export class CtapError extends Error {
  readonly status: CtapStatus;

  constructor(status: CtapStatus, message: string) {
    super(message);
    this.name = "CtapError";
    this.status = status;
  }
}
