import { createPublicKey, hash, type KeyObject, verify } from "node:crypto";
import { concatBytes } from "./bytes.ts";
import type { MacKey, PublicKey } from "./platform.ts";

/** Bytes of an ES256 signature in DER. */
const MOST_DER = 72;
/** Bytes of a block of SHA-256, and of its result. */
const BLOCK = 64;
const DIGEST = 32;

/** The key in the two forms in which HMAC mixes it with a message: RFC 2104's K XOR ipad and K XOR opad. */
class NodeMacKey implements MacKey {
  readonly type = "mac-key";
  readonly #inner = new Uint8Array(BLOCK).fill(0x36);
  readonly #outer = Buffer.alloc(BLOCK + DIGEST);
  constructor(secret: Uint8Array) {
    const key = secret.length > BLOCK ? sha256(secret) : secret;
    this.#outer.fill(0x5c, 0, BLOCK);
    for (let i = 0; i < key.length; i++) {
      this.#inner[i]! ^= key[i]!;
      this.#outer[i]! ^= key[i]!;
    }
  }
  static innerOf(key: MacKey): Uint8Array {
    if (!(#inner in key)) throw new TypeError("a MacKey of another platform; make it with macKey()");
    return key.#inner;
  }
  /** The digest over what is inside goes behind it. */
  static outerOf(key: MacKey): Buffer {
    if (!(#outer in key)) throw new TypeError("a MacKey of another platform; make it with macKey()");
    return key.#outer;
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
  return bytesOf(digest(parts.length === 1 ? parts[0]! : concatBytes(...parts)));
}

/** Prepares a secret for hmacSha256. */
export function macKey(secret: Uint8Array): MacKey {
  return new NodeMacKey(secret);
}

// Messages up to this length are put together in one buffer for all: nothing here waits, so nobody comes in between.
const SCRATCH = Buffer.alloc(4096);

/**
 * HMAC-SHA-256 over the parts one after the other. As two one-shot hashes: less than half the time of a Hmac object, whose
 * making costs more than the hashing of short messages (docs/performance.md).
 */
export function hmacSha256(key: MacKey, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = BLOCK;
  for (const part of parts) length += part.length;
  const message = length <= SCRATCH.length ? SCRATCH : Buffer.allocUnsafe(length);
  message.set(NodeMacKey.innerOf(key));
  let at = BLOCK;
  for (const part of parts) {
    message.set(part, at);
    at += part.length;
  }
  const outer = NodeMacKey.outerOf(key);
  outer.write(digest(message.subarray(0, length)), BLOCK, "latin1");
  return bytesOf(digest(outer));
}

/** A P-256 point as a key; throws when it is not on the curve. */
export function importPoint(coseKey: Uint8Array, x: Uint8Array, y: Uint8Array): PublicKey {
  const jwk = { kty: "EC", crv: "P-256", x: base64url(x), y: base64url(y) };
  return new NodePublicKey(coseKey, createPublicKey({ key: jwk, format: "jwk" }));
}

/**
 * Whether raw r‖s is a signature over the bytes. Put into DER here: Node's own way from r‖s ("ieee-p1363") takes a third
 * longer than the whole check of the same signature in DER (docs/performance.md).
 */
export function verifyEs256(key: PublicKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  return verify("sha256", bytes, NodePublicKey.of(key), derOf(signature));
}

/** Whether a DER signature is one over the bytes. */
export function verifyEs256Der(key: PublicKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length > MOST_DER) return false;
  return verify("sha256", bytes, NodePublicKey.of(key), signature);
}

// SEQUENCE { INTEGER r, INTEGER s }, each in the fewest bytes that keep it positive
function derOf(signature: Uint8Array): Uint8Array {
  const der = new Uint8Array(MOST_DER);
  const afterR = writeInteger(der, 2, signature, 0);
  const end = writeInteger(der, afterR, signature, 32);
  der[0] = 0x30;
  der[1] = end - 2;
  return der.subarray(0, end);
}

/** Writes 32 bytes of a signature, from `from` on, as an INTEGER at `at`; where it ends. */
function writeInteger(der: Uint8Array, at: number, signature: Uint8Array, from: number): number {
  let first = from;
  while (first < from + 31 && signature[first] === 0) first += 1;
  const sign = signature[first]! >= 0x80 ? 1 : 0; // a zero byte before what would read as negative
  const length = from + 32 - first;
  der[at] = 0x02;
  der[at + 1] = sign + length;
  der.set(signature.subarray(first, from + 32), at + 2 + sign);
  return at + 2 + sign + length;
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
}

/** SHA-256 as text of 32 characters, one a byte: Node makes a short text in a third of the time of a Buffer. */
function digest(bytes: Uint8Array): string {
  return hash("sha256", bytes, "binary"); // the other name of latin1
}

// Callers get plain arrays: a Buffer has another slice() and another JSON.
function bytesOf(digestText: string): Uint8Array {
  const bytes = new Uint8Array(DIGEST);
  for (let i = 0; i < DIGEST; i++) bytes[i] = digestText.charCodeAt(i);
  return bytes;
}
