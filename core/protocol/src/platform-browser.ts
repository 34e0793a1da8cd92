import { p256 } from "@noble/curves/nist.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 as sha256Of } from "@noble/hashes/sha2.js";
import { concatBytes } from "./bytes.ts";
import type { MacKey, PublicKey } from "./platform.ts";

type Hmac = ReturnType<typeof hmac.create>;

/** Bytes of an ES256 signature in DER. */
const MOST_DER = 72;

class BrowserMacKey implements MacKey {
  readonly type = "mac-key";
  readonly #keyed: Hmac;
  constructor(keyed: Hmac) {
    this.#keyed = keyed;
  }
  static of(key: MacKey): Hmac {
    if (!(#keyed in key)) throw new TypeError("a MacKey of another platform; make it with macKey()");
    return key.#keyed;
  }
  toJSON(): string {
    return "[mac key]";
  }
}

class BrowserPublicKey implements PublicKey {
  readonly type = "es256-public-key";
  readonly coseKey: Uint8Array;
  readonly #point: Uint8Array;
  constructor(coseKey: Uint8Array, point: Uint8Array) {
    this.coseKey = coseKey;
    this.#point = point;
  }
  static of(key: PublicKey): Uint8Array {
    if (!(#point in key)) throw new TypeError("a PublicKey of another platform; make it with importPublicKey()");
    return key.#point;
  }
}

/** SHA-256 over the parts one after the other. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return sha256Of(parts.length === 1 ? parts[0]! : concatBytes(...parts));
}

/** Prepares a secret for hmacSha256. */
export function macKey(secret: Uint8Array): MacKey {
  return new BrowserMacKey(hmac.create(sha256Of, secret));
}

/** HMAC-SHA-256 over the parts one after the other. */
export function hmacSha256(key: MacKey, ...parts: readonly Uint8Array[]): Uint8Array {
  const running = BrowserMacKey.of(key).clone();
  for (const part of parts) running.update(part);
  return running.digest();
}

/** A P-256 point as a key; throws when it is not on the curve. */
export function importPoint(coseKey: Uint8Array, x: Uint8Array, y: Uint8Array): PublicKey {
  const point = concatBytes(Uint8Array.of(4), x, y);
  p256.Point.fromBytes(point).assertValidity();
  return new BrowserPublicKey(coseKey, point);
}

/** Whether raw r‖s is a signature over the bytes. */
export function verifyEs256(key: PublicKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  const options = { prehash: true, lowS: false, format: "compact" } as const;
  return p256.verify(signature, bytes, BrowserPublicKey.of(key), options);
}

/** Whether a DER signature is one over the bytes. */
export function verifyEs256Der(key: PublicKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length > MOST_DER) return false;
  const options = { prehash: true, lowS: false, format: "der" } as const;
  return p256.verify(signature, bytes, BrowserPublicKey.of(key), options);
}
