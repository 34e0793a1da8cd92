import type {
  Assertion as WireAssertion,
  EnrolRequest,
  FidoRegistration,
  LocalKey,
  SignRequest,
} from "@countersign/proto/web/device/v1/device_service";

export type { FidoRegistration, LocalKey };

/** What the key waits for. */
export type KeyStep = "showing" | "pin" | "code" | "touch" | "computing";

/** The key said no, or there is none. */
export class KeyError extends Error {
  override readonly name = "KeyError";
  readonly reason: "NO_KEY" | "KEY_LEFT" | "KEY_REFUSED" | "KEY_BUSY";
  /** Of KEY_REFUSED: the key's own status (docs/protocol/hid.md); else "". */
  readonly status: string;

  constructor(reason: KeyError["reason"], message: string, keyStatus = "") {
    super(message);
    this.reason = reason;
    this.status = keyStatus;
  }
}

/** What a Countersign key signed. */
export interface SignedByKey {
  /** COSE_Sign1 of the statement. */
  readonly signedStatement: Uint8Array;
  readonly rejected: boolean;
}

/** What a FIDO2 key signed: always an approval. */
export interface AssertedByKey {
  readonly assertion: WireAssertion;
  /** All of it as receipts carry it (docs/protocol/fido2.md section 4). */
  readonly signedAssertion: Uint8Array;
  readonly rejected: false;
}

/** What a key made at enrolment: a Countersign key its signed map, a FIDO2 key its attestation. */
export type EnrolledByKey = { readonly signedEnrolment: Uint8Array } | { readonly fido: FidoRegistration };

/** How the user proves that he is there, on the key. */
export type UserProof = "pin" | "biometric";

/** LocalKeyType.FIDO2, without the code of all messages. */
const FIDO2: LocalKey["type"] = 2;

/** Whether it is a FIDO2 key: no display, no keypad, the code is typed on this PC. */
export function isFido({ type }: Pick<LocalKey, "type">): boolean {
  return type === FIDO2;
}

/** What can have a transaction signed. Every method throws KeyError, or CoreError when what leads to the key fails. */
export interface KeyPlace {
  /** Yields what the key waits for, then what it signed. */
  sign(
    request: Partial<SignRequest>,
    signal?: AbortSignal,
  ): AsyncGenerator<KeyStep | SignedByKey | AssertedByKey, void>;
  /** Takes PIN or finger on the key; the answer goes into the one Sign that uses it up, within 60 s. */
  verifyUser(deviceId: string, proof: UserProof, signal?: AbortSignal): Promise<string>;
  /** The code for a key without keypad, while its Sign waits for it. False: it does not wait for one any more. */
  answer(transactionId: string, code: string): Promise<boolean>;
}

/** The device daemon of this PC. Close it when done. */
export interface DaemonConnection extends KeyPlace {
  listKeys(): Promise<LocalKey[]>;
  /** Yields what the key waits for, then what it made. */
  enrol(request: Partial<EnrolRequest>, signal?: AbortSignal): AsyncGenerator<KeyStep | EnrolledByKey, void>;
  /** Yields what the key waits for; returns once the PIN is set. */
  setPin(deviceId: string, signal?: AbortSignal): AsyncGenerator<KeyStep, void>;
  /** Yields what the key waits for; returns once it is wiped. Not for pages. */
  reset(deviceId: string, signal?: AbortSignal): AsyncGenerator<KeyStep, void>;
  close(): void;
}
