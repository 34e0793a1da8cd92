import type { CtapMap } from "./ctap-cbor.ts";
import { CtapError } from "./ctap-error.ts";
import { CtapFields } from "./ctap-fields.ts";
import { CtapStatus } from "./ctap-status.ts";

/** What an authenticator says about itself: the members of getInfo that this system uses. */
export interface AuthenticatorInfo {
  /** "U2F_V2", "FIDO_2_0", "FIDO_2_1_PRE", "FIDO_2_1", ... */
  readonly versions: readonly string[];
  readonly extensions: readonly string[];
  /** 16 bytes: the model. */
  readonly aaguid: Uint8Array;
  /** An absent option is not the same as a false one: clientPin false has no PIN yet, absent can have none. */
  readonly options: ReadonlyMap<string, boolean>;
  /** Longest message in bytes. */
  readonly maxMsgSize: number;
  /** The authenticator's choice first. */
  readonly pinUvAuthProtocols: readonly number[];
  readonly maxCredentialCountInList?: number;
  readonly maxCredentialIdLength?: number;
  readonly transports: readonly string[];
  /** The PIN must be changed before it gives a token. */
  readonly forcePinChange: boolean;
  /** Fewest code points of a new PIN. */
  readonly minPinLength: number;
  readonly firmwareVersion?: number;
}

// Lists of names that a device sends; more is no device.
const MAX_ITEMS = 64;
const MAX_NAME = 128;
const U32 = 0xffff_ffff;

/** Reads getInfo's answer, all of it controlled by the device. Throws CtapError. */
export function decodeAuthenticatorInfo(map: CtapMap): AuthenticatorInfo {
  const fields = new CtapFields("getInfo", map);
  const count = fields.optional(7, (key) => fields.integer(key, 1, U32));
  const idLength = fields.optional(8, (key) => fields.integer(key, 1, U32));
  const firmware = fields.optional(14, (key) => fields.integer(key, 0, Number.MAX_SAFE_INTEGER));
  return {
    versions: names(fields, 1),
    extensions: fields.has(2) ? names(fields, 2) : [],
    aaguid: fields.bytes(3, 16),
    options: fields.optional(4, (key) => options(fields.rawMap(key))) ?? new Map(),
    maxMsgSize: fields.optional(5, (key) => fields.integer(key, 1, U32)) ?? 1024,
    pinUvAuthProtocols: fields.optional(6, (key) => numbers(fields, key)) ?? [],
    ...(count === undefined ? {} : { maxCredentialCountInList: count }),
    ...(idLength === undefined ? {} : { maxCredentialIdLength: idLength }),
    transports: fields.has(9) ? names(fields, 9) : [],
    forcePinChange: fields.optional(12, (key) => fields.bool(key)) ?? false,
    minPinLength: fields.optional(13, (key) => fields.integer(key, 4, 63)) ?? 4,
    ...(firmware === undefined ? {} : { firmwareVersion: firmware }),
  };
}

function names(fields: CtapFields, key: number): readonly string[] {
  return fields.list(key, MAX_ITEMS).map((name) => {
    if (typeof name === "string" && name.length <= MAX_NAME) return name;
    throw new CtapError(CtapStatus.CBOR_UNEXPECTED_TYPE, `getInfo: member ${key} is a list of names`);
  });
}

function numbers(fields: CtapFields, key: number | string): readonly number[] {
  return fields.list(key, MAX_ITEMS).map((item) => {
    if (typeof item === "number") return item;
    throw new CtapError(CtapStatus.CBOR_UNEXPECTED_TYPE, `getInfo: member ${key} is a list of numbers`);
  });
}

function options(map: CtapMap): ReadonlyMap<string, boolean> {
  const found = new Map<string, boolean>();
  for (const [name, option] of map) {
    if (typeof name === "string" && name.length <= MAX_NAME && typeof option === "boolean") found.set(name, option);
  }
  return found;
}
