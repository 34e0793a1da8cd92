import { CtapStatus, ctapStatusName, type Status } from "@countersign/key-protocol";

type StatusName = keyof typeof Status;
type Refusing = Exclude<keyof typeof CtapStatus, "OK">;

interface Row {
  /** What clients are told: the one list of statuses for keys of both kinds (docs/protocol/hid.md section 5). */
  readonly told: StatusName;
  /** What it means and what to do, in one sentence. */
  readonly words: string;
}

const MISTAKE = "the key could not read the request, or has no such command";
const BUSY = "the key is busy with something else; try again";
const LAPSED = "the key no longer takes the verification; start anew";
const TIMEOUT = "nobody touched the key in time; start anew and touch it when it blinks";

/** One row for every status of CTAP2: a status without one is a compile error. */
const ROWS: Record<Refusing, Row> = {
  INVALID_COMMAND: { told: "UNSUPPORTED", words: MISTAKE },
  INVALID_PARAMETER: { told: "BAD_PARAM", words: MISTAKE },
  INVALID_LENGTH: { told: "BAD_PARAM", words: MISTAKE },
  INVALID_SEQ: { told: "BAD_PARAM", words: MISTAKE },
  TIMEOUT: { told: "USER_TIMEOUT", words: TIMEOUT },
  CHANNEL_BUSY: { told: "BUSY", words: BUSY },
  LOCK_REQUIRED: { told: "BUSY", words: BUSY },
  INVALID_CHANNEL: { told: "BAD_PARAM", words: MISTAKE },
  CBOR_UNEXPECTED_TYPE: { told: "BAD_CBOR", words: MISTAKE },
  INVALID_CBOR: { told: "BAD_CBOR", words: MISTAKE },
  MISSING_PARAMETER: { told: "BAD_PARAM", words: MISTAKE },
  LIMIT_EXCEEDED: { told: "TOO_LONG", words: "the request is more than the key can hold" },
  UNSUPPORTED_EXTENSION: { told: "UNSUPPORTED", words: MISTAKE },
  FP_DATABASE_FULL: { told: "STORAGE", words: "the key holds no further finger" },
  LARGE_BLOB_STORAGE_FULL: { told: "STORAGE", words: "the key's storage is full" },
  CREDENTIAL_EXCLUDED: { told: "NOT_ALLOWED", words: "this key is already enrolled for this user; take another one" },
  PROCESSING: { told: "BUSY", words: BUSY },
  INVALID_CREDENTIAL: {
    told: "NO_KEY",
    words: "the key does not know this credential; take the key that was enrolled",
  },
  USER_ACTION_PENDING: { told: "BUSY", words: BUSY },
  OPERATION_PENDING: { told: "BUSY", words: BUSY },
  NO_OPERATIONS: { told: "BUSY", words: BUSY },
  UNSUPPORTED_ALGORITHM: { told: "UNSUPPORTED", words: "the key cannot make ES256 signatures" },
  OPERATION_DENIED: { told: "USER_DENIED", words: "refused on the key" },
  KEY_STORE_FULL: { told: "STORAGE", words: "the key has no room for a further credential" },
  UNSUPPORTED_OPTION: { told: "UNSUPPORTED", words: MISTAKE },
  INVALID_OPTION: { told: "UNSUPPORTED", words: MISTAKE },
  KEEPALIVE_CANCEL: { told: "CANCELLED", words: "cancelled; nothing was signed" },
  NO_CREDENTIALS: { told: "NO_KEY", words: "the key has none of the credentials; take the key that was enrolled" },
  USER_ACTION_TIMEOUT: { told: "USER_TIMEOUT", words: TIMEOUT },
  NOT_ALLOWED: {
    told: "NOT_ALLOWED",
    words: "the key does not allow this now; a reset is taken right after plugging in",
  },
  PIN_INVALID: { told: "PIN_INVALID", words: "wrong PIN" },
  PIN_BLOCKED: {
    told: "PIN_BLOCKED",
    words: "too many wrong PINs: the key must be reset, which wipes it, and enrolled anew",
  },
  PIN_AUTH_INVALID: { told: "NOT_ALLOWED", words: LAPSED },
  PIN_AUTH_BLOCKED: {
    told: "PIN_BLOCKED",
    words: "three wrong PINs in a row: unplug the key, plug it in again, then try the right PIN",
  },
  PIN_NOT_SET: { told: "PIN_REQUIRED", words: "the key has no PIN yet; set one first: countersign key set-pin" },
  PUAT_REQUIRED: {
    told: "PIN_REQUIRED",
    words: "the key wants its user verified first; set a PIN: countersign key set-pin",
  },
  PIN_POLICY_VIOLATION: { told: "BAD_PARAM", words: "the key does not take this PIN; choose another, longer one" },
  PIN_TOKEN_EXPIRED: { told: "NOT_ALLOWED", words: LAPSED },
  REQUEST_TOO_LARGE: { told: "TOO_LONG", words: "the request is longer than the key can take" },
  ACTION_TIMEOUT: { told: "USER_TIMEOUT", words: TIMEOUT },
  UP_REQUIRED: { told: "USER_DENIED", words: "the key was not touched; start anew" },
  UV_BLOCKED: { told: "PIN_BLOCKED", words: "the finger sensor is blocked after too many tries; use the PIN" },
  INTEGRITY_FAILURE: { told: "STORAGE", words: "the key's storage is damaged" },
  INVALID_SUBCOMMAND: { told: "UNSUPPORTED", words: MISTAKE },
  UV_INVALID: { told: "PIN_INVALID", words: "the finger was not recognised" },
  UNAUTHORIZED_PERMISSION: { told: "NOT_ALLOWED", words: "the key does not give this permission" },
  OTHER: { told: "NOT_ALLOWED", words: "the key refused without saying why" },
};

/** What a refusal says besides its status. */
export interface FidoRefusalDetail {
  /** Tries left, of PIN or finger. */
  readonly retries?: number;
  /** In place of the usual words. */
  readonly words?: string;
}

/** The key, or the person at the daemon's prompt, said no. Unlike after a LinkError, it is certain that nothing was signed. */
export class FidoRefusal extends Error {
  /** CTAP2's own name, or `0x..` for a status that nobody registered. */
  readonly ctap: string;
  readonly code: number;
  readonly told: StatusName;
  readonly retries: number | undefined;

  constructor(code: number, detail: FidoRefusalDetail = {}) {
    const name = ctapStatusName(code) ?? `0x${code.toString(16).padStart(2, "0")}`;
    const row = ROWS[name as Refusing] ?? ROWS.OTHER;
    const tries = detail.retries === undefined ? "" : `; ${detail.retries} tries left`;
    super(`the key refused: ${detail.words ?? row.words} (${name}${tries})`);
    this.name = "FidoRefusal";
    this.ctap = name;
    this.code = code;
    this.told = row.told;
    this.retries = detail.retries;
  }

  /** As ErrorInfo.metadata: `status` as for keys of the other kind, `ctap` with CTAP2's name. */
  metadata(): Record<string, string> {
    const retries = this.retries === undefined ? {} : { retries: String(this.retries) };
    return { status: this.told, ctap: this.ctap, ...retries };
  }
}

/** The person closed the daemon's prompt. */
export function closedByUser(): FidoRefusal {
  return new FidoRefusal(CtapStatus.KEEPALIVE_CANCEL);
}
