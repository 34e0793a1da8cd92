// What `#platform` is in the process of scripts/sim: a signature and a MAC are one SHA-256 over the secret's name, so
// that a life costs what the core's own logic costs. Nobody in a simulation breaks cryptography; the same lives are
// lived over the real platform by the tests, and come out the same to the byte.
import { concatBytes, equalBytes } from "../../core/protocol/src/bytes.ts";
import * as real from "../../core/protocol/src/platform-node.ts";
import type { MacKey, PublicKey } from "../../core/protocol/src/platform.ts";
import { idealSignature, useIdealSignatures } from "./signatures.ts";

useIdealSignatures();

class IdealMacKey implements MacKey {
  readonly type = "mac-key";
  readonly #secret: Uint8Array;
  constructor(secret: Uint8Array) {
    this.#secret = secret.slice();
  }
  static secretOf(key: MacKey): Uint8Array {
    if (!(#secret in key)) throw new TypeError("a MacKey of another platform; make it with macKey()");
    return key.#secret;
  }
  toJSON(): string {
    return "[mac key]";
  }
}

const points = new Map<string, PublicKey>();

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return real.sha256(...parts);
}

export function macKey(secret: Uint8Array): MacKey {
  return new IdealMacKey(secret);
}

/** A prefix-free function of key and message: the key comes first, behind its length. */
export function hmacSha256(key: MacKey, ...parts: readonly Uint8Array[]): Uint8Array {
  const secret = IdealMacKey.secretOf(key);
  return real.sha256(concatBytes(Uint8Array.of(secret.length), secret, ...parts));
}

export function importPoint(coseKey: Uint8Array, x: Uint8Array, y: Uint8Array): PublicKey {
  const name = Buffer.from(coseKey.buffer, coseKey.byteOffset, coseKey.byteLength).toString("latin1");
  const known = points.get(name) ?? real.importPoint(coseKey, x, y);
  points.set(name, known);
  return known;
}

/** An ideal one, or a real one. */
export function verifyEs256(key: PublicKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  return equalBytes(idealSignature(key.coseKey, bytes), signature) || real.verifyEs256(key, bytes, signature);
}

export function verifyEs256Der(key: PublicKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  return real.verifyEs256Der(key, bytes, signature);
}
