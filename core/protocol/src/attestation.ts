import { checkLength } from "./byte-length.ts";
import { utf8 } from "./bytes.ts";
import { CborMap } from "./cbor-map.ts";
import { type CborValue, encodeCbor } from "./det-cbor.ts";
import { MAX_DEVICE_NAME } from "./enrolment.ts";
import { checkSafeText } from "./safe-text.ts";
import { sha256 } from "#platform";

// attestation = det-CBOR { 1: 1, 2: serverId, 3: challenge (32), 4: model, 5: serial, 6: firmware }
//                                                            docs/protocol/code-and-statement.md section 7

/** What a device's attestation key signs, and nothing else. */
export interface Attestation {
  readonly serverId: Uint8Array;
  readonly challenge: Uint8Array;
  /** Printable ASCII, at most 32, like serial and firmware. */
  readonly model: string;
  readonly serial: string;
  readonly firmware: string;
}

const ATTEST = utf8("countersign/attest/v1\0");
const DEVICE = utf8("countersign/attest-device/v1\0");

/** The challenge of an attestation inside an enrolment: it binds the new credential key to the attested device. */
export function attestationChallengeFor(enrolmentChallenge: Uint8Array, publicKey: Uint8Array): Uint8Array {
  checkLength(enrolmentChallenge, 32, "challenge");
  return sha256(ATTEST, enrolmentChallenge, publicKey);
}

/**
 * The challenge of an attestation that the host asked for by itself. The host chooses `challenge`: signed as it came, it
 * could be the one of an enrolment, and a genuine device would vouch for a credential that lives elsewhere.
 */
export function deviceChallengeFor(challenge: Uint8Array): Uint8Array {
  checkLength(challenge, 32, "challenge");
  return sha256(DEVICE, challenge);
}

/** The bytes that are signed. Throws for an attestation that decodeAttestation would refuse. */
export function encodeAttestation(attestation: Attestation): Uint8Array {
  const members: readonly (readonly [number, CborValue])[] = [
    [1, 1],
    [2, attestation.serverId],
    [3, attestation.challenge],
    [4, attestation.model],
    [5, attestation.serial],
    [6, attestation.firmware],
  ];
  const bytes = encodeCbor(new Map(members));
  decodeAttestation(bytes);
  return bytes;
}

/** Reads an attestation. */
export function decodeAttestation(bytes: Uint8Array): Attestation {
  const map = new CborMap("attestation", bytes);
  map.version(1, 1);
  const serverId = map.bytes(2, "serverId", 16);
  const challenge = map.bytes(3, "challenge", 32);
  const [model, serial, firmware] = [map.text(4, "model"), map.text(5, "serial"), map.text(6, "firmware")];
  map.end();
  for (const [member, text] of Object.entries({ model, serial, firmware })) {
    checkSafeText(text, { ascii: true, maxCodePoints: MAX_DEVICE_NAME, field: `attestation.${member}` });
  }
  return { serverId, challenge, model, serial, firmware };
}
