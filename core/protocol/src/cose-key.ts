import { toHex } from "./bytes.ts";
import { fromBase64url } from "./base64url.ts";
import { checkLength } from "./byte-length.ts";
import { CborMap } from "./cbor-map.ts";
import { type CborValue, encodeCbor } from "./det-cbor.ts";
import { LastUsed } from "./last-used.ts";
import type { PublicKey } from "./platform.ts";
import { ProtocolError } from "./protocol-error.ts";
import { importPoint, sha256 } from "#platform";

// COSE_Key (RFC 9053), EC2 on P-256 for ES256 alone, 77 bytes:
//   { 1 kty: 2, 3 alg: -7, -1 crv: 1, -2 x: 32 bytes, -3 y: 32 bytes }
// Keys in the order of their encoding: 1, 3, -1, -2, -3.

/** Length of an ES256 COSE_Key in bytes. */
export const COSE_KEY_LENGTH = 77;

/** An import costs as much as half a verification; a key that is kept takes about 3 kB. */
const imported = new LastUsed<PublicKey>(16_384);

/** COSE_Key bytes of a P-256 point. */
export function coseKeyOf(x: Uint8Array, y: Uint8Array): Uint8Array {
  checkLength(x, 32, "x");
  checkLength(y, 32, "y");
  const members = [
    [1, 2],
    [3, -7],
    [-1, 1],
    [-2, x],
    [-3, y],
  ] as const;
  return encodeCbor(new Map<number, CborValue>(members), { negative: true });
}

/** COSE_Key bytes of a public key as node:crypto and WebCrypto export it: a JWK on P-256. Throws `bad-field`. */
export function coseKeyOfJwk({
  x = "",
  y = "",
}: {
  readonly x?: string | undefined;
  readonly y?: string | undefined;
}): Uint8Array {
  return coseKeyOf(fromBase64url(x), fromBase64url(y));
}

/** Reads a COSE_Key and checks that its point is on the curve; throws `bad-key`. The 16 384 keys used last are kept. */
export function importPublicKey(coseKey: Uint8Array): PublicKey {
  if (coseKey.length !== COSE_KEY_LENGTH) throw new ProtocolError("bad-key", `expected ${COSE_KEY_LENGTH} bytes`);
  const id = toHex(coseKey);
  const found = imported.get(id);
  if (found !== undefined) return found;
  const key = readKey(coseKey);
  imported.set(id, key);
  return key;
}

/** What a person compares: the first 8 bytes of the COSE_Key's SHA-256, such as `7F3A 91C2 0B4D 11EE`. */
export function fingerprintOf(coseKey: Uint8Array): string {
  const hex = toHex(sha256(coseKey).subarray(0, 8)).toUpperCase();
  return hex.replace(/(.{4})(?=.)/g, "$1 ");
}

function readKey(coseKey: Uint8Array): PublicKey {
  const map = new CborMap("key", coseKey, { negative: true }, "bad-key");
  map.integer(1, "kty", 2, 2);
  map.integer(3, "alg", -7, -7);
  map.integer(-1, "crv", 1, 1);
  const x = map.bytes(-2, "x", 32);
  const y = map.bytes(-3, "y", 32);
  map.end();
  try {
    return importPoint(coseKey.slice(), x, y);
  } catch {
    throw new ProtocolError("bad-key", "the point is not on P-256", { field: "key" });
  }
}
