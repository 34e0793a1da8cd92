import { CborMap } from "./cbor-map.ts";
import { COSE_KEY_LENGTH, importPublicKey } from "./cose-key.ts";
import { type CborValue, encodeCbor } from "./det-cbor.ts";
import { checkSafeText, type GlyphProfile } from "./safe-text.ts";

// enrolment = det-CBOR { 1: 1, 2: serverId, 3: challenge (32), 4: keyId, 5: public key (COSE_Key), 6: model, 7: serial,
//                        8: registry version, 9: glyph profile (1 ascii, 2 latin), 10: attestation (COSE_Sign1),
//                        11: digitsProof, of token digits typed on the key (absent if none), 12: has display, 13: has keypad }
//                                                            docs/protocol/code-and-statement.md section 7

/** What a new credential key signs once, about itself. */
export interface Enrolment {
  readonly serverId: Uint8Array;
  /** 32 bytes of the core. */
  readonly challenge: Uint8Array;
  readonly keyId: Uint8Array;
  /** COSE_Key bytes; the enrolment is signed by this very key. */
  readonly publicKey: Uint8Array;
  /** Printable ASCII, at most 32. */
  readonly model: string;
  /** Printable ASCII, at most 32. */
  readonly serial: string;
  readonly registryVersion: number;
  readonly glyphProfile: GlyphProfile;
  /** COSE_Sign1 of an attestation whose challenge is attestationChallengeFor(challenge, publicKey). */
  readonly attestation: Uint8Array;
  /** digitsProofOf the token digits that were typed on the key itself; 32 bytes. */
  readonly digitsProof?: Uint8Array;
  readonly hasDisplay: boolean;
  readonly hasKeypad: boolean;
}

/** Code points of a model's or serial's name. */
export const MAX_DEVICE_NAME = 32;
const MAX_ATTESTATION = 1024;
const PROFILES: readonly GlyphProfile[] = ["ascii", "latin"];

/** The bytes that are signed. Throws for an enrolment that decodeEnrolment would refuse. */
export function encodeEnrolment(enrolment: Enrolment): Uint8Array {
  const map = new Map<number, CborValue>([
    [1, 1],
    [2, enrolment.serverId],
    [3, enrolment.challenge],
    [4, enrolment.keyId],
    [5, enrolment.publicKey],
    [6, enrolment.model],
    [7, enrolment.serial],
    [8, enrolment.registryVersion],
    [9, PROFILES.indexOf(enrolment.glyphProfile) + 1],
    [10, enrolment.attestation],
  ]);
  if (enrolment.digitsProof !== undefined) map.set(11, enrolment.digitsProof);
  map.set(12, enrolment.hasDisplay);
  map.set(13, enrolment.hasKeypad);
  const bytes = encodeCbor(map);
  decodeEnrolment(bytes);
  return bytes;
}

/** Reads an enrolment; the public key must be a point of P-256. */
export function decodeEnrolment(bytes: Uint8Array): Enrolment {
  const map = new CborMap("enrolment", bytes);
  map.version(1, 1);
  const serverId = map.bytes(2, "serverId", 16);
  const challenge = map.bytes(3, "challenge", 32);
  const keyId = map.bytes(4, "keyId", 16);
  const publicKey = map.bytes(5, "publicKey", COSE_KEY_LENGTH);
  const model = map.text(6, "model");
  const serial = map.text(7, "serial");
  const registryVersion = map.integer(8, "registryVersion", 1, 0xffff);
  const glyphProfile = PROFILES[map.integer(9, "glyphProfile", 1, PROFILES.length) - 1]!;
  const attestation = map.bytes(10, "attestation", 1, MAX_ATTESTATION);
  const digitsProof = map.has(11) ? map.bytes(11, "digitsProof", 32) : undefined;
  const hasDisplay = map.boolean(12, "hasDisplay");
  const hasKeypad = map.boolean(13, "hasKeypad");
  map.end();
  importPublicKey(publicKey);
  checkSafeText(model, { ascii: true, maxCodePoints: MAX_DEVICE_NAME, field: "enrolment.model" });
  checkSafeText(serial, { ascii: true, maxCodePoints: MAX_DEVICE_NAME, field: "enrolment.serial" });
  return {
    serverId,
    challenge,
    keyId,
    publicKey,
    model,
    serial,
    registryVersion,
    glyphProfile,
    attestation,
    ...(digitsProof === undefined ? {} : { digitsProof }),
    hasDisplay,
    hasKeypad,
  };
}
