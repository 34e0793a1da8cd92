// request = command u8 | canonical CBOR map, or nothing      answer = status u8 | canonical CBOR map, or nothing

import { type CtapCborOptions, type CtapMap, type CtapValue, decodeCtap, encodeCtap } from "./ctap-cbor.ts";
import { CtapError } from "./ctap-error.ts";
import { CtapStatus } from "./ctap-status.ts";

/** Members of a request, absent ones left out. */
export type CtapMembers = readonly (readonly [number, CtapValue | undefined])[];

/** The message of a request; without members there is no map at all. */
export function encodeCtapRequest(command: number, members: CtapMembers = []): Uint8Array {
  return withFirst(command, mapOf(members));
}

/** The message of an answer that went well. */
export function encodeCtapOk(members: CtapMembers = []): Uint8Array {
  return withFirst(CtapStatus.OK, mapOf(members));
}

/** The message of a refusal. */
export function encodeCtapRefusal(status: number): Uint8Array {
  return Uint8Array.of(status);
}

/** Takes a request or an answer apart: first byte and map; an empty one where there is none. Throws CtapError. */
export function decodeCtapMessage(
  message: Uint8Array,
  options: CtapCborOptions = {},
): { readonly first: number; readonly map: CtapMap } {
  const [first] = message;
  if (first === undefined) throw new CtapError(CtapStatus.INVALID_LENGTH, "an empty CTAP2 message");
  const body = message.subarray(1);
  const map = body.length === 0 ? new Map<number, CtapValue>() : decodeCtap(body, options);
  if (map instanceof Map) return { first, map };
  throw new CtapError(CtapStatus.CBOR_UNEXPECTED_TYPE, "a CTAP2 message holds a map after its first byte");
}

function mapOf(members: CtapMembers): ReadonlyMap<number, CtapValue> {
  const map = new Map<number, CtapValue>();
  for (const [key, value] of members) if (value !== undefined) map.set(key, value);
  return map;
}

function withFirst(first: number, map: ReadonlyMap<number, CtapValue>): Uint8Array {
  const body = map.size === 0 ? new Uint8Array(0) : encodeCtap(map);
  const message = new Uint8Array(1 + body.length);
  message[0] = first;
  message.set(body, 1);
  return message;
}
