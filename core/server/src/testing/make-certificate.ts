// For tests: an X.509 certificate as an attacker, or a vendor, would make one. DER by hand, for P-256 alone.
import { createPublicKey, sign, type KeyObject } from "node:crypto";
import { concatBytes, fromHex, utf8 } from "@countersign/protocol";

// Object identifiers of extensions, in DER.
const CRL = fromHex("0603551d1f");
const APPLE_NONCE = fromHex("06092a864886f763640802");
const ANDROID_KEY = fromHex("060a2b06010401d679020111");

const CONSTRAINTS = fromHex("0603551d13");
const ECDSA_SHA256 = fromHex("300a06082a8648ce3d040302");
const VALIDITY = der(0x30, der(0x17, utf8("200101000000Z")), der(0x18, utf8("20990101000000Z")));

interface CertificateWish {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly authority?: boolean;
  /** Identifier and value. */
  readonly extensions?: readonly (readonly [oid: Uint8Array, value: Uint8Array])[];
}

/** In DER, valid from 2020 to 2099. */
export function makeCertificate(wish: CertificateWish): Uint8Array {
  const { subject, issuer, publicKey, signer, authority = false, extensions = [] } = wish;
  const constraints = [CONSTRAINTS, authority ? fromHex("30030101ff") : fromHex("3000")] as const;
  const all = [constraints, ...extensions].map(([oid, value]) => der(0x30, oid, der(0x04, value)));
  const key = new Uint8Array(
    createPublicKey(publicKey.export({ type: "spki", format: "pem" })).export({ type: "spki", format: "der" }),
  );
  const certificate = der(
    0x30,
    ...[
      fromHex("a003020102"),
      der(0x02, Uint8Array.of(7)),
      ECDSA_SHA256,
      nameOf(issuer),
      VALIDITY,
      nameOf(subject),
      key,
    ],
    der(0xa3, der(0x30, ...all)),
  );
  const signature = new Uint8Array(sign("sha256", certificate, signer));
  return der(0x30, certificate, ECDSA_SHA256, der(0x03, Uint8Array.of(0), signature));
}

/** A revocation list at this address. */
export function crlAt(url: string): readonly [Uint8Array, Uint8Array] {
  return [CRL, der(0x30, der(0x30, der(0xa0, der(0xa0, der(0x86, utf8(url))))))];
}

/** What Android says of a key that it made for this challenge. */
export function androidKey(challenge: Uint8Array): readonly [Uint8Array, Uint8Array] {
  const [three, secure, none] = [fromHex("020103"), fromHex("0a0101"), fromHex("3000")];
  return [ANDROID_KEY, der(0x30, three, secure, three, secure, der(0x04, challenge), fromHex("0400"), none, none)];
}

/** What Apple says of a key that it made under this nonce. */
export function appleNonce(nonce: Uint8Array): readonly [Uint8Array, Uint8Array] {
  return [APPLE_NONCE, der(0x30, der(0xa1, der(0x04, nonce)))];
}

function nameOf(name: string): Uint8Array {
  return der(0x30, der(0x31, der(0x30, fromHex("0603550403"), der(0x0c, utf8(name)))));
}

function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const value = concatBytes(...parts);
  const { length } = value;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return concatBytes(Uint8Array.of(tag, ...size), value);
}
