// The few primitives that Node and browsers offer under different names. package.json chooses the file behind
// `#platform`; both files are tested to give equal results.

/** A secret for HMAC-SHA-256 in the platform's own form. Prints as its name. */
export interface MacKey {
  readonly type: "mac-key";
  toJSON(): string;
}

/** An ES256 public key in the platform's own form, checked to be a point of P-256. */
export interface PublicKey {
  readonly type: "es256-public-key";
  /** The COSE_Key bytes it was imported from. */
  readonly coseKey: Uint8Array;
}

/** What a platform file exports. */
export interface Platform {
  sha256(...parts: readonly Uint8Array[]): Uint8Array;
  macKey(secret: Uint8Array): MacKey;
  hmacSha256(key: MacKey, ...parts: readonly Uint8Array[]): Uint8Array;
  /** Throws when (x, y), 32 bytes each, is no point of P-256. */
  importPoint(coseKey: Uint8Array, x: Uint8Array, y: Uint8Array): PublicKey;
  /** `signature` is raw r‖s, 64 bytes. High s is accepted: a signature is never an identity. */
  verifyEs256(key: PublicKey, bytes: Uint8Array, signature: Uint8Array): boolean;
  /** The same for a signature in strict DER, as FIDO2 keys give it. */
  verifyEs256Der(key: PublicKey, bytes: Uint8Array, signature: Uint8Array): boolean;
}
