// Certificate ::= SEQUENCE { tbs, ecdsa-with-SHA256, BIT STRING }      RFC 5280; WebAuthn section 8.2.1 for the fields

import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { EMULATOR_AAGUID, fromHex } from "@countersign/protocol";
import type { Random } from "../storage/random.ts";
import { bitString, boolean, context, integer, octetString, oid, sequence, set, time, utf8String } from "./der.ts";

/** What model this is, in FIDO's way: 16 bytes, the same on every emulator. */
export const AAGUID: Uint8Array = fromHex(EMULATOR_AAGUID.replaceAll("-", ""));

const ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
const AAGUID_EXTENSION = "1.3.6.1.4.1.45724.1.1.4";
const BASIC_CONSTRAINTS = "2.5.29.19";
const NAME = { country: "2.5.4.6", organisation: "2.5.4.10", unit: "2.5.4.11", common: "2.5.4.3" } as const;

/** The device's attestation key with its certificate, and the certificate of who issued it. */
export interface DeviceCertificate {
  /** PKCS #8. It signs packed attestations and nothing else. */
  readonly privateKey: Uint8Array;
  /** DER. */
  readonly certificate: Uint8Array;
  /** DER, self-signed; for the list of roots that a core trusts. */
  readonly issuer: Uint8Array;
}

/** Makes both at first power. The issuer's private key signs this one certificate and is forgotten. */
export function newDeviceCertificate(random: Random): DeviceCertificate {
  const issuer = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const device = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuerName = nameOf("Emulator Attestation", "Countersign Emulator Root");
  const constraints = (isAuthority: boolean): Uint8Array =>
    extension(BASIC_CONSTRAINTS, true, sequence(...(isAuthority ? [boolean(true)] : [])));
  const root = certify({
    serial: random(8),
    issuer: issuerName,
    subject: issuerName,
    subjectKey: issuer.publicKey,
    extensions: [constraints(true)],
    signer: issuer.privateKey,
  });
  const certificate = certify({
    serial: random(8),
    issuer: issuerName,
    subject: nameOf("Authenticator Attestation", "Countersign Emulator"),
    subjectKey: device.publicKey,
    extensions: [constraints(false), extension(AAGUID_EXTENSION, false, octetString(AAGUID))],
    signer: issuer.privateKey,
  });
  const privateKey = new Uint8Array(device.privateKey.export({ format: "der", type: "pkcs8" }));
  return { privateKey, certificate, issuer: root };
}

function certify(given: {
  readonly serial: Uint8Array;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly subjectKey: KeyObject;
  readonly extensions: readonly Uint8Array[];
  readonly signer: KeyObject;
}): Uint8Array {
  const algorithm = sequence(oid(ECDSA_WITH_SHA256));
  const tbs = sequence(
    context(0, integer(Uint8Array.of(2))),
    // Positive and never empty, whatever the random bytes are.
    integer(Uint8Array.of(1, ...given.serial)),
    algorithm,
    given.issuer,
    // A key has no idea of the date.
    sequence(time("20260101000000Z"), time("99991231235959Z")),
    given.subject,
    new Uint8Array(given.subjectKey.export({ format: "der", type: "spki" })),
    context(3, sequence(...given.extensions)),
  );
  return sequence(tbs, algorithm, bitString(new Uint8Array(sign("sha256", tbs, given.signer))));
}

function nameOf(unit: string, common: string): Uint8Array {
  const parts = [
    [NAME.country, "DE"],
    [NAME.organisation, "Countersign"],
    [NAME.unit, unit],
    [NAME.common, common],
  ] as const;
  return sequence(...parts.map(([type, value]) => set(sequence(oid(type), utf8String(value)))));
}

function extension(type: string, critical: boolean, value: Uint8Array): Uint8Array {
  return sequence(oid(type), ...(critical ? [boolean(true)] : []), octetString(value));
}
