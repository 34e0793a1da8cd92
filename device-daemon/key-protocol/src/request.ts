// request = subcommand u8 | det-CBOR map, unsigned keys (nothing at all for an empty one)   docs/protocol/hid.md section 5

import { type CborValue, encodeCbor, Mode } from "@countersign/protocol";
import { Fields } from "./fields.ts";
import { MAX_MESSAGE } from "./report.ts";
import { Status } from "./status.ts";
import { Subcommand } from "./subcommand.ts";
import { WireError } from "./wire-error.ts";

/** How the user proves that he is there. */
export const UserMethod = { PIN: 1, BIOMETRIC: 2 } as const;
export type UserMethod = (typeof UserMethod)[keyof typeof UserMethod];

/** Signature algorithm of a credential, fixed when it is made. Only ES256 is built. */
export const KeyAlgorithm = { ES256: 1, EDDSA: 2 } as const;
export type KeyAlgorithm = (typeof KeyAlgorithm)[keyof typeof KeyAlgorithm];

/** Longest content in bytes (docs/protocol/content.md). */
const MAX_CONTENT_BYTES = 1600;

/** Longest time that a transaction is shown, in seconds. */
export const MAX_EXPIRES_IN_S = 600;

/** Show the transaction, take PIN and code, sign: one command. Ids are 16 bytes, `expiresInS` counts on the key's clock. */
export interface Present {
  readonly subcommand: typeof Subcommand.PRESENT;
  readonly keyId: Uint8Array;
  readonly serverId: Uint8Array;
  readonly txId: Uint8Array;
  /** 32 bytes. */
  readonly nonce: Uint8Array;
  /** Canonical content, at most 1600 bytes; the key decodes it itself. */
  readonly content: Uint8Array;
  /** A hint for texts: what is shown depends on the key alone. */
  readonly mode: Mode;
  /** 1 to 600. */
  readonly expiresInS: number;
}

/** Make a credential for one server and sign its enrolment map. */
export interface EnrolKey {
  readonly subcommand: typeof Subcommand.ENROL_KEY;
  readonly serverId: Uint8Array;
  /** Shown by the key; 1 to 20 columns. */
  readonly serverName: string;
  readonly algorithm: KeyAlgorithm;
  /** 32 bytes. */
  readonly challenge: Uint8Array;
  /** The user got digits off the PC and types them on the key. */
  readonly digits: boolean;
}

/** Every request under command 0x59. */
export type KeyRequest =
  | Present
  | EnrolKey
  | {
      readonly subcommand:
        | typeof Subcommand.GET_INFO
        | typeof Subcommand.CANCEL
        | typeof Subcommand.SET_PIN
        | typeof Subcommand.CHANGE_PIN
        | typeof Subcommand.RESET;
    }
  | { readonly subcommand: typeof Subcommand.VERIFY_USER; readonly method: UserMethod }
  | { readonly subcommand: typeof Subcommand.ATTEST; readonly serverId: Uint8Array; readonly challenge: Uint8Array }
  | { readonly subcommand: typeof Subcommand.KEYS; readonly action: "list"; readonly from: number }
  | { readonly subcommand: typeof Subcommand.KEYS; readonly action: "delete"; readonly keyId: Uint8Array }
  | { readonly subcommand: typeof Subcommand.SUPPLY_CODE; readonly code: string };

const MODES: readonly Mode[] = [Mode.KEY_SHOWS, Mode.BOTH_SHOW, Mode.CHAT_SHOWS];

const KeysAction = { LIST: 1, DELETE: 2 } as const;

/** The message of a request. Throws WireError TOO_LONG over 1768 bytes, before the first report. */
export function encodeRequest(request: KeyRequest): Uint8Array {
  const map = members(request);
  const body = map.length === 0 ? new Uint8Array(0) : encodeCbor(new Map<number, CborValue>(map));
  const message = new Uint8Array(1 + body.length);
  message[0] = request.subcommand;
  message.set(body, 1);
  if (message.length > MAX_MESSAGE) {
    throw new WireError(Status.TOO_LONG, `the request has ${message.length} of at most ${MAX_MESSAGE} bytes`);
  }
  return message;
}

function members(request: KeyRequest): (readonly [number, CborValue])[] {
  switch (request.subcommand) {
    case Subcommand.PRESENT:
      return presentMembers(request);
    case Subcommand.ENROL_KEY:
      return enrolMembers(request);
    case Subcommand.VERIFY_USER:
      return [[1, request.method]];
    case Subcommand.ATTEST:
      return [
        [1, request.serverId],
        [2, request.challenge],
      ];
    case Subcommand.KEYS:
      return request.action === "list"
        ? [
            [1, KeysAction.LIST],
            [3, request.from],
          ]
        : [
            [1, KeysAction.DELETE],
            [2, request.keyId],
          ];
    case Subcommand.SUPPLY_CODE:
      return [[1, request.code]];
    case Subcommand.GET_INFO:
    case Subcommand.CANCEL:
    case Subcommand.SET_PIN:
    case Subcommand.CHANGE_PIN:
    case Subcommand.RESET:
      return [];
  }
}

function presentMembers(request: Present): (readonly [number, CborValue])[] {
  return [
    [1, request.keyId],
    [2, request.serverId],
    [3, request.txId],
    [4, request.nonce],
    [5, request.content],
    [6, MODES.indexOf(request.mode) + 1],
    [7, request.expiresInS],
  ];
}

function enrolMembers(request: EnrolKey): (readonly [number, CborValue])[] {
  return [
    [1, request.serverId],
    [2, request.serverName],
    [3, request.algorithm],
    [4, request.challenge],
    [5, request.digits],
  ];
}

/** Reads a request, all of it controlled by the host. Throws WireError. */
export function decodeRequest(message: Uint8Array): KeyRequest {
  if (message.length > MAX_MESSAGE) {
    throw new WireError(Status.TOO_LONG, `the request has ${message.length} of at most ${MAX_MESSAGE} bytes`);
  }
  const subcommand = Object.values(Subcommand).find((known) => known === message[0]);
  if (subcommand === undefined)
    throw new WireError(Status.UNSUPPORTED, `subcommand ${message[0] ?? "none"} is unknown`);
  const fields = new Fields("request", message.subarray(1));
  const request = readRequest(subcommand, fields);
  fields.end();
  return request;
}

function readRequest(subcommand: Subcommand, fields: Fields): KeyRequest {
  switch (subcommand) {
    case Subcommand.PRESENT:
      return readPresent(fields);
    case Subcommand.ENROL_KEY:
      return readEnrol(fields);
    case Subcommand.VERIFY_USER:
      return { subcommand, method: fields.oneOf(1, UserMethod) };
    case Subcommand.ATTEST:
      return { subcommand, serverId: fields.bytes(1, 16), challenge: fields.bytes(2, 32) };
    case Subcommand.KEYS:
      return fields.oneOf(1, KeysAction) === KeysAction.LIST
        ? { subcommand, action: "list", from: fields.uint(3, 0, 0xffff) }
        : { subcommand, action: "delete", keyId: fields.bytes(2, 16) };
    case Subcommand.SUPPLY_CODE:
      return { subcommand, code: readCode(fields) };
    case Subcommand.GET_INFO:
    case Subcommand.CANCEL:
    case Subcommand.SET_PIN:
    case Subcommand.CHANGE_PIN:
    case Subcommand.RESET:
      return { subcommand };
  }
}

function readPresent(fields: Fields): Present {
  const mode = MODES[fields.uint(6, 1, MODES.length) - 1];
  return {
    subcommand: Subcommand.PRESENT,
    keyId: fields.bytes(1, 16),
    serverId: fields.bytes(2, 16),
    txId: fields.bytes(3, 16),
    nonce: fields.bytes(4, 32),
    content: fields.blob(5, MAX_CONTENT_BYTES),
    mode: mode ?? Mode.KEY_SHOWS,
    expiresInS: fields.uint(7, 1, MAX_EXPIRES_IN_S),
  };
}

function readEnrol(fields: Fields): EnrolKey {
  return {
    subcommand: Subcommand.ENROL_KEY,
    serverId: fields.bytes(1, 16),
    serverName: fields.text(2, 20),
    algorithm: fields.oneOf(3, KeyAlgorithm),
    challenge: fields.bytes(4, 32),
    digits: fields.bool(5),
  };
}

// The text never goes into an error: it is the code.
function readCode(fields: Fields): string {
  const code = fields.text(1, 10);
  if (!/^[0-9]{6,10}$/.test(code)) throw new WireError(Status.BAD_PARAM, "request: member 1 must be 6 to 10 digits");
  return code;
}
