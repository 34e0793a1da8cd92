import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { coseKeyOfJwk, sha256 } from "@countersign/protocol";

/** A fresh P-256 key pair: private key as PKCS #8, public key as COSE_Key. */
export function newKeyPair(): { privateKey: Uint8Array; publicKey: Uint8Array } {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pkcs8 = new Uint8Array(privateKey.export({ format: "der", type: "pkcs8" }));
  return { privateKey: pkcs8, publicKey: publicKeyOf(pkcs8) };
}

/** The COSE_Key that belongs to a private key. */
export function publicKeyOf(pkcs8: Uint8Array): Uint8Array {
  return coseKeyOfJwk(createPublicKey(privateKeyOf(pkcs8)).export({ format: "jwk" }));
}

/** Signs with ES256; raw r‖s, 64 bytes. */
export function signEs256(pkcs8: Uint8Array, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(sign("sha256", bytes, { key: privateKeyOf(pkcs8), dsaEncoding: "ieee-p1363" }));
}

/** The device's own key. Its id is the start of its public key's digest, so that a list of known devices can name it. */
export function newAttestation(): { privateKey: Uint8Array; keyId: Uint8Array } {
  const { privateKey, publicKey } = newKeyPair();
  return { privateKey, keyId: sha256(publicKey).slice(0, 16) };
}

function privateKeyOf(pkcs8: Uint8Array): ReturnType<typeof createPrivateKey> {
  return createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" });
}
