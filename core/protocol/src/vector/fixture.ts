import { p256 } from "@noble/curves/nist.js";
import { coseKeyOf } from "../cose-key.ts";
import { fromHex } from "../bytes.ts";

// Fixed values of the vectors. The private keys are published here: they protect nothing.

/** Bytes first, first + 1, … */
export function counting(length: number, first = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (first + i) & 0xff);
}

export const SERVER_ID: Uint8Array = counting(16, 0x10);
export const TX_ID: Uint8Array = counting(16, 0x20);
export const KEY_ID: Uint8Array = counting(16, 0x40);
export const CORE_KEY_ID: Uint8Array = counting(16, 0x50);
export const NONCE: Uint8Array = counting(32, 0x80);
export const CHALLENGE: Uint8Array = counting(32, 0xc0);
export const K_CODE: Uint8Array = counting(32, 1);

/** A P-256 key pair that signs without randomness (RFC 6979), so that vectors stay the same. */
export interface VectorKey {
  readonly publicKey: Uint8Array;
  readonly sign: (bytes: Uint8Array) => Uint8Array;
}

/** A key pair from one byte. */
export function vectorKey(seed: number): VectorKey {
  const secret = counting(32, seed);
  const point = p256.getPublicKey(secret, false);
  return {
    publicKey: coseKeyOf(point.slice(1, 33), point.slice(33, 65)),
    sign: (bytes) => p256.sign(bytes, secret, { prehash: true, lowS: false, format: "compact" }),
  };
}

/** The same signature with n - s for s: also valid, which is why a signature is no identity. */
export function otherSignature(signature: Uint8Array): Uint8Array {
  const { Fn } = p256.Point;
  const s = Fn.neg(Fn.fromBytes(signature.slice(32)));
  return Uint8Array.from([...signature.slice(0, 32), ...Fn.toBytes(s)]);
}

/** Raw r‖s in DER. */
export function derOf(signature: Uint8Array): Uint8Array {
  return p256.Signature.fromBytes(signature, "compact").toBytes("der");
}

/** The bytes with one of them changed. */
export function flipped(bytes: Uint8Array, at: number, bit = 1): Uint8Array {
  const changed = bytes.slice();
  changed[at < 0 ? bytes.length + at : at]! ^= bit;
  return changed;
}

/** Replaces a run of bytes, given in hexadecimal, that occurs exactly once. */
export function patched(hex: string, from: string, to: string): string {
  const at = hex.indexOf(from);
  if (at === -1 || hex.includes(from, at + 1)) throw new Error(`${from} does not occur once`);
  fromHex(from);
  return hex.replace(from, to);
}
