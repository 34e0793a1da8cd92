import { createHmac, createPublicKey, createSecretKey, hash, type KeyObject, verify } from "node:crypto";
import { concatBytes } from "./bytes.ts";
import type { MacKey, PublicKey } from "./platform.ts";

/** Bytes of an ES256 signature in DER. */
const MOST_DER = 72;

class NodeMacKey implements MacKey {
  readonly type = "mac-key";
  readonly #key: KeyObject;
  constructor(key: KeyObject) {
    this.#key = key;
  }
  static of(key: MacKey): KeyObject {
    if (!(#key in key)) throw new TypeError("a MacKey of another platform; make it with macKey()");
    return key.#key;
  }
  toJSON(): string {
    return "[mac key]";
  }
}

class NodePublicKey implements PublicKey {
  readonly type = "es256-public-key";
  readonly coseKey: Uint8Array;
  readonly #key: KeyObject;
  constructor(coseKey: Uint8Array, key: KeyObject) {
    this.coseKey = coseKey;
    this.#key = key;
  }
  static of(key: PublicKey): KeyObject {
    if (!(#key in key)) throw new TypeError("a PublicKey of another platform; make it with importPublicKey()");
    return key.#key;
  }
}

/** SHA-256 over the parts one after the other. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const only = parts.length === 1 ? parts[0]! : concatBytes(...parts);
  return plain(hash("sha256", only, "buffer"));
}

/** Prepares a secret for hmacSha256. */
export function macKey(secret: Uint8Array): MacKey {
  return new NodeMacKey(createSecretKey(secret));
}

/** HMAC-SHA-256 over the parts one after the other. */
export function hmacSha256(key: MacKey, ...parts: readonly Uint8Array[]): Uint8Array {
  const hmac = createHmac("sha256", NodeMacKey.of(key));
  for (const part of parts) hmac.update(part);
  return plain(hmac.digest());
}

/** A P-256 point as a key; throws when it is not on the curve. */
export function importPoint(coseKey: Uint8Array, x: Uint8Array, y: Uint8Array): PublicKey {
  const jwk = { kty: "EC", crv: "P-256", x: base64url(x), y: base64url(y) };
  return new NodePublicKey(coseKey, createPublicKey({ key: jwk, format: "jwk" }));
}

/** Whether raw r‖s is a signature over the bytes. */
export function verifyEs256(key: PublicKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  return verify("sha256", bytes, { key: NodePublicKey.of(key), dsaEncoding: "ieee-p1363" }, signature);
}

/** Whether a DER signature is one over the bytes. */
export function verifyEs256Der(key: PublicKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length > MOST_DER) return false;
  return verify("sha256", bytes, { key: NodePublicKey.of(key), dsaEncoding: "der" }, signature);
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
}

// Callers get plain arrays: a Buffer has another slice() and another JSON.
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
