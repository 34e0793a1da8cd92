// PIN/UV auth protocols of clientPIN (docs/protocol/fido2.md). z = x coordinate of ECDH on P-256, 32 bytes.
//   one:  secret = SHA-256(z)                          AES-256-CBC, IV zero, under secret
//         tag    = first 16 bytes of HMAC-SHA-256(key, message); key = secret or token (16 or 32 bytes)
//   two:  secret = HKDF-SHA-256(z, salt 32 zeros, info "CTAP2 HMAC key", 32)
//                | HKDF-SHA-256(z, salt 32 zeros, info "CTAP2 AES key", 32)
//         IV random, before the ciphertext, AES-256-CBC under the second half
//         tag    = HMAC-SHA-256(first 32 bytes of key, message); key = secret or token (32 bytes)

import { createCipheriv, createDecipheriv, createECDH, createHash, createHmac, type ECDH, hkdfSync } from "node:crypto";
import { randomBytes, timingSafeEqual } from "node:crypto";
import { concatBytes, utf8 } from "@countersign/protocol";
import type { CosePoint } from "./cose-point.ts";
import { CtapError } from "./ctap-error.ts";
import { CtapStatus } from "./ctap-status.ts";

/** One of the two ways in which host and authenticator keep PIN and token to themselves. */
export interface PinProtocol {
  readonly version: 1 | 2;
  /** From one's own pair and the other's point. Throws CtapError INVALID_PARAMETER when that is no point of P-256. */
  sharedSecret(own: AgreementPair, peer: CosePoint): Uint8Array;
  /** `plaintext` is a multiple of 16 bytes. `iv`, 16 bytes, is for tests of version 2 alone; version 1 has none. */
  encrypt(secret: Uint8Array, plaintext: Uint8Array, iv?: Uint8Array): Uint8Array;
  /** Throws CtapError INVALID_PARAMETER for a length that no ciphertext has. */
  decrypt(secret: Uint8Array, ciphertext: Uint8Array): Uint8Array;
  /** The tag over a message under a shared secret or a token. */
  authenticate(key: Uint8Array, message: Uint8Array): Uint8Array;
  /** Whether `tag` is the tag over the message, in constant time. */
  verify(key: Uint8Array, message: Uint8Array, tag: Uint8Array): boolean;
  /** Lengths that a token may have. */
  readonly tokenLengths: readonly number[];
}

/** A pair for one key agreement. */
export class AgreementPair {
  readonly point: CosePoint;
  readonly #ecdh: ECDH;

  /** `privateKey`, 32 bytes, is for tests with vectors; else it is drawn. */
  constructor(privateKey?: Uint8Array) {
    this.#ecdh = createECDH("prime256v1");
    if (privateKey === undefined) this.#ecdh.generateKeys();
    else this.#ecdh.setPrivateKey(privateKey);
    const point = new Uint8Array(this.#ecdh.getPublicKey());
    this.point = { x: point.slice(1, 33), y: point.slice(33) };
  }

  /** x coordinate of the shared point, 32 bytes. Throws CtapError INVALID_PARAMETER when `peer` is no point of P-256. */
  agree(peer: CosePoint): Uint8Array {
    try {
      return new Uint8Array(this.#ecdh.computeSecret(concatBytes(Uint8Array.of(4), peer.x, peer.y)));
    } catch {
      throw new CtapError(CtapStatus.INVALID_PARAMETER, "the key agreement key is no point of P-256");
    }
  }
}

const BLOCK = 16;
const NO_IV = new Uint8Array(BLOCK);
const NO_SALT = new Uint8Array(32);

/** PIN/UV auth protocol one. */
export const pinProtocolOne: PinProtocol = {
  version: 1,
  tokenLengths: [16, 32],
  sharedSecret: (own, peer) => sha256(own.agree(peer)),
  encrypt: (secret, plaintext) => cbc(createCipheriv("aes-256-cbc", secret, NO_IV), plaintext),
  decrypt: (secret, ciphertext) => cbc(createDecipheriv("aes-256-cbc", secret, NO_IV), ciphertext),
  authenticate: (key, message) => hmac(key, message).slice(0, 16),
  verify: (key, message, tag) => same(pinProtocolOne.authenticate(key, message), tag),
};

/** PIN/UV auth protocol two. */
export const pinProtocolTwo: PinProtocol = {
  version: 2,
  tokenLengths: [32],
  sharedSecret: (own, peer) => {
    const z = own.agree(peer);
    return concatBytes(hkdf(z, "CTAP2 HMAC key"), hkdf(z, "CTAP2 AES key"));
  },
  encrypt: (secret, plaintext, iv = new Uint8Array(randomBytes(BLOCK))) =>
    concatBytes(iv, cbc(createCipheriv("aes-256-cbc", secret.subarray(32), iv), plaintext)),
  decrypt: (secret, ciphertext) => {
    if (ciphertext.length < BLOCK) throw badLength(ciphertext);
    const iv = ciphertext.subarray(0, BLOCK);
    return cbc(createDecipheriv("aes-256-cbc", secret.subarray(32), iv), ciphertext.subarray(BLOCK));
  },
  authenticate: (key, message) => hmac(key.subarray(0, 32), message),
  verify: (key, message, tag) => same(pinProtocolTwo.authenticate(key, message), tag),
};

/** Both, the better one first. */
export const PIN_PROTOCOLS: readonly PinProtocol[] = [pinProtocolTwo, pinProtocolOne];

/** Fewest code points and most UTF-8 bytes of a PIN. */
export const PIN_LENGTH = { minCodePoints: 4, maxBytes: 63 } as const;

/** What stands for a PIN on the wire: the first 16 bytes of SHA-256 of its UTF-8 form in NFC. */
export function pinHashOf(pin: string): Uint8Array {
  return sha256(utf8(pin.normalize("NFC"))).slice(0, 16);
}

/** A new PIN on the wire before encryption: UTF-8 in NFC, filled with zeros to 64 bytes. Throws CtapError over 63 bytes. */
export function paddedPin(pin: string): Uint8Array {
  const bytes = utf8(pin.normalize("NFC"));
  if (bytes.length > PIN_LENGTH.maxBytes) {
    throw new CtapError(CtapStatus.PIN_POLICY_VIOLATION, `a PIN has at most ${PIN_LENGTH.maxBytes} bytes`);
  }
  const padded = new Uint8Array(64);
  padded.set(bytes);
  return padded;
}

function cbc(cipher: ReturnType<typeof createCipheriv | typeof createDecipheriv>, bytes: Uint8Array): Uint8Array {
  if (bytes.length % BLOCK !== 0) throw badLength(bytes);
  cipher.setAutoPadding(false);
  return concatBytes(cipher.update(bytes), cipher.final());
}

function badLength(bytes: Uint8Array): CtapError {
  return new CtapError(CtapStatus.INVALID_PARAMETER, `${bytes.length} bytes are no ciphertext of this protocol`);
}

function hkdf(z: Uint8Array, info: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", z, NO_SALT, info, 32));
}

function hmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac("sha256", key).update(message).digest());
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
