import { Status } from "./status.ts";

/** Why a message under command 0x59 cannot be read; the status the key answers with. */
export type WireErrorStatus =
  typeof Status.BAD_CBOR | typeof Status.BAD_PARAM | typeof Status.TOO_LONG | typeof Status.UNSUPPORTED;

/** A malformed message under command 0x59. Nothing of it was done. */
export class WireError extends Error {
  readonly status: WireErrorStatus;

  constructor(status: WireErrorStatus, message: string) {
    super(message);
    this.name = "WireError";
    this.status = status;
  }
}
