import { type CborValue, encodeCbor } from "@countersign/protocol";
import { Fields } from "./fields.ts";
import { KeyAlgorithm } from "./request.ts";
import { Status } from "./status.ts";
import { WireError } from "./wire-error.ts";

/** Which characters the display can draw. */
export const GlyphProfile = { ASCII: 1, LATIN: 2 } as const;
export type GlyphProfile = (typeof GlyphProfile)[keyof typeof GlyphProfile];

/** What stands between the user and a PIN entry. */
export const PinState = {
  /** No PIN yet: nothing can be approved or enrolled. */
  NONE: 0,
  SET: 1,
  /** 3 wrong in a row: unplug the key. */
  UNPLUG: 2,
  /** None of the 8 tries is left: only a reset helps. */
  BLOCKED: 3,
} as const;
export type PinState = (typeof PinState)[keyof typeof PinState];

/** The version of command 0x59 that this package speaks. */
export const KEY_PROTOCOL_VERSION = 1;

/** What a key says about itself (device-controlled until an attestation is checked). */
export interface KeyInfo {
  readonly protocolVersion: number;
  readonly model: string;
  readonly serial: string;
  /** Absent without a display. */
  readonly display?: { readonly columns: number; readonly rows: number };
  readonly keypad: boolean;
  readonly biometric: boolean;
  readonly algorithms: readonly KeyAlgorithm[];
  /** Bytes of the longest request. */
  readonly maxRequest: number;
  /** Version of kinds and labels that it knows. */
  readonly registryVersion: number;
  readonly glyphProfile: GlyphProfile;
  readonly pinState: PinState;
  /** PIN tries left, 0 to 8. */
  readonly retries: number;
  readonly firmware: string;
}

/** The map of a getInfo answer. */
export function encodeKeyInfo(info: KeyInfo): Uint8Array {
  const map = new Map<number, CborValue>([
    [1, info.protocolVersion],
    [2, info.model],
    [3, info.serial],
    [5, info.keypad],
    [6, info.biometric],
    [7, info.algorithms],
    [8, info.maxRequest],
    [9, info.registryVersion],
    [10, info.glyphProfile],
    [11, info.pinState],
    [12, info.retries],
    [13, info.firmware],
  ]);
  if (info.display !== undefined) map.set(4, [info.display.columns, info.display.rows]);
  return encodeCbor(map);
}

/** Reads a getInfo answer; members and algorithms of later versions are passed over. Throws WireError. */
export function decodeKeyInfo(bytes: Uint8Array): KeyInfo {
  const fields = new Fields("getInfo answer", bytes);
  const display = fields.optional(4, (key) => readDisplay(fields.list(key)));
  return {
    protocolVersion: fields.uint(1, 1, 255),
    model: fields.text(2, 64),
    serial: fields.text(3, 64),
    ...(display === undefined ? {} : { display }),
    keypad: fields.bool(5),
    biometric: fields.bool(6),
    algorithms: Object.values(KeyAlgorithm).filter((known) => fields.list(7).includes(known)),
    maxRequest: fields.uint(8, 1, 65535),
    registryVersion: fields.uint(9, 1, 65535),
    glyphProfile: fields.oneOf(10, GlyphProfile),
    pinState: fields.oneOf(11, PinState),
    retries: fields.uint(12, 0, 8),
    firmware: fields.text(13, 32),
  };
}

function readDisplay(value: readonly CborValue[]): { readonly columns: number; readonly rows: number } {
  const [columns, rows, more] = value;
  if (typeof columns === "number" && typeof rows === "number" && more === undefined) return { columns, rows };
  throw new WireError(Status.BAD_PARAM, "getInfo answer: member 4 must be columns and rows");
}
