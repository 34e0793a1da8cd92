import { createECDH, createPrivateKey, type KeyObject, sign } from "node:crypto";
import { toBase64url } from "@countersign/protocol";

/** A P-256 key pair of FIDO: scalar and point, each part 32 bytes. */
export interface FidoKeyPair {
  readonly privateKey: Uint8Array;
  readonly x: Uint8Array;
  readonly y: Uint8Array;
}

/** A fresh key pair. */
export function newFidoKeyPair(): FidoKeyPair {
  const ecdh = createECDH("prime256v1");
  ecdh.generateKeys();
  const scalar = new Uint8Array(32);
  const short = ecdh.getPrivateKey();
  scalar.set(short, 32 - short.length);
  return fidoKeyPairOf(scalar);
}

/** The pair of a scalar. */
export function fidoKeyPairOf(privateKey: Uint8Array): FidoKeyPair {
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(privateKey);
  const point = new Uint8Array(ecdh.getPublicKey());
  return { privateKey, x: point.slice(1, 33), y: point.slice(33) };
}

/** ES256 in DER, as FIDO has it. */
export function signDer(privateKey: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(sign("sha256", Buffer.concat(parts), keyObjectOf(privateKey)));
}

function keyObjectOf(privateKey: Uint8Array): KeyObject {
  const { x, y } = fidoKeyPairOf(privateKey);
  return createPrivateKey({
    key: { kty: "EC", crv: "P-256", d: toBase64url(privateKey), x: toBase64url(x), y: toBase64url(y) },
    format: "jwk",
  });
}
