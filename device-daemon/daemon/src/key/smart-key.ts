import type { EnrolKey, KeyInfo, Present, UserMethod } from "@countersign/key-protocol";
import type { Watch } from "../hid/hid-channel.ts";

/** Who asks: every request runs on the channel of its session, so that a PIN given for one serves nobody else. */
export interface KeySession {
  /**
   * Shows, takes PIN and code, signs: the COSE_Sign1 of the statement, an approval or a reject. Never sent twice: after a
   * LinkError it is unknown what the key did. Rejects with KeyRefusal, LinkError, FramingError or the signal's reason.
   */
  present(request: Omit<Present, "subcommand">, watch: Watch): Promise<Uint8Array>;
  /** Gives the code to a key without keypad while its code page is open. Rejects with KeyRefusal NOT_ALLOWED else. */
  supplyCode(code: string): Promise<void>;
  /** Takes PIN or finger beforehand; it holds for one `present` of this session, at most 60 s. */
  verifyUser(method: UserMethod, watch: Watch): Promise<void>;
}

/** A smart key that is plugged in. One request at a time: callers queue. */
export interface SmartKey {
  /** What it says about itself now. */
  info(watch: Watch): Promise<KeyInfo>;
  /** A session of its own. */
  open(): Promise<KeySession>;
  /** Makes a credential; the COSE_Sign1 of the enrolment. */
  enrol(request: Omit<EnrolKey, "subcommand">, watch: Watch): Promise<Uint8Array>;
  /** The first PIN, or a new one after the old; typed on the key. */
  setPin(change: boolean, watch: Watch): Promise<void>;
  /** Wipes every credential and the PIN. Rejects with KeyRefusal NOT_ALLOWED later than 10 s after plugging in. */
  reset(watch: Watch): Promise<void>;
}
