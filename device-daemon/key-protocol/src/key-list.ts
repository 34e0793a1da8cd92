import { type CborValue, encodeCbor } from "@countersign/protocol";
import { Fields } from "./fields.ts";
import { Status } from "./status.ts";
import { WireError } from "./wire-error.ts";

/** Credentials in one answer to the list request: 16 + 16 bytes each stay far below one message. */
export const KEYS_PER_ANSWER = 16;

/** A credential and the server it was enrolled with; ids of 16 bytes. */
export interface ListedKey {
  readonly keyId: Uint8Array;
  readonly serverId: Uint8Array;
}

/** One page of the list; `total` counts all. */
export interface KeyList {
  readonly total: number;
  readonly keys: readonly ListedKey[];
}

/** The map of an answer to the list request. */
export function encodeKeyList(list: KeyList): Uint8Array {
  const keys = list.keys.map((key): CborValue => [key.keyId, key.serverId]);
  return encodeCbor(
    new Map<number, CborValue>([
      [1, keys],
      [2, list.total],
    ]),
  );
}

/** Reads it. Throws WireError. */
export function decodeKeyList(body: Uint8Array): KeyList {
  const fields = new Fields("key list", body);
  return { total: fields.uint(2, 0, 0xffff), keys: fields.list(1).map(readListed) };
}

function readListed(value: CborValue): ListedKey {
  if (Array.isArray(value)) {
    const [keyId, serverId] = value as readonly CborValue[];
    if (isId(keyId) && isId(serverId)) return { keyId, serverId };
  }
  throw new WireError(Status.BAD_PARAM, "key list: each entry must be key id and server id, 16 bytes each");
}

function isId(value: CborValue | undefined): value is Uint8Array {
  return value instanceof Uint8Array && value.length === 16;
}
