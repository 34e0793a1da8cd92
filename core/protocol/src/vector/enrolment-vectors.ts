import { attestationChallengeFor, decodeAttestation, encodeAttestation } from "../attestation.ts";
import { fromHex, toHex } from "../bytes.ts";
import { fingerprintOf } from "../cose-key.ts";
import { signMessage, SignatureType } from "../cose.ts";
import { type CborValue, decodeCbor, encodeCbor } from "../det-cbor.ts";
import { digitsProofOf } from "../digits-proof.ts";
import { decodeEnrolment, encodeEnrolment, type Enrolment } from "../enrolment.ts";
import { CHALLENGE, counting, flipped, KEY_ID, SERVER_ID, vectorKey } from "./fixture.ts";
import { type Named, type Refused, refusalOf, type Suite } from "./suite.ts";

interface Accept extends Named {
  readonly enrolment: string;
  readonly keyId: string;
  readonly fingerprint: string;
  readonly attestation: string;
  readonly attestationChallenge: string;
}

interface Reject extends Refused {
  readonly map: "enrolment" | "attestation";
  readonly bytes: string;
}

const key = vectorKey(1);
const device = vectorKey(3);
const attestationPayload = encodeAttestation({
  serverId: SERVER_ID,
  challenge: attestationChallengeFor(CHALLENGE, key.publicKey),
  model: "emulator",
  serial: "CS-000017",
  firmware: "1.0.0",
});
/** The attestation of the device in the vectors, as a COSE_Sign1. */
export const ATTESTATION: Uint8Array = signMessage(
  SignatureType.ATTESTATION,
  counting(16, 0x60),
  attestationPayload,
  device.sign,
);
const TOKEN_DIGITS = "8392017456170392";
const ENROLMENT: Enrolment = {
  serverId: SERVER_ID,
  challenge: CHALLENGE,
  keyId: KEY_ID,
  publicKey: key.publicKey,
  model: "emulator",
  serial: "CS-000017",
  registryVersion: 1,
  glyphProfile: "latin",
  attestation: ATTESTATION,
  digitsProof: digitsProofOf(TOKEN_DIGITS, CHALLENGE, key.publicKey),
  hasDisplay: true,
  hasKeypad: true,
};
const { digitsProof: _, ...noToken } = ENROLMENT;

const ACCEPT: readonly (readonly [name: string, enrolment: Enrolment])[] = [
  [`a key with the token digits ${TOKEN_DIGITS} typed on it`, ENROLMENT],
  ["a key without token digits", noToken],
  ["a key without display and keypad", { ...noToken, glyphProfile: "ascii", hasDisplay: false, hasKeypad: false }],
];

type Change = readonly [member: number, value: CborValue | undefined];
type Row = readonly [name: string, because: string, map: "enrolment" | "attestation", ...changes: Change[]];

const REJECT: readonly Row[] = [
  ["another version", "bad-version", "enrolment", [1, 2]],
  ["no server id", "bad-field", "enrolment", [2, undefined]],
  ["a challenge of 16 bytes", "bad-field", "enrolment", [3, counting(16)]],
  ["a key id of 32 bytes", "bad-field", "enrolment", [4, counting(32)]],
  ["a point that is not on the curve", "bad-key", "enrolment", [5, flipped(key.publicKey, -1)]],
  ["a key that is cut short", "bad-field", "enrolment", [5, key.publicKey.slice(0, 76)]],
  ["a model beyond ASCII", "unsafe-text", "enrolment", [6, "\u00e9mulator"]],
  ["an empty serial", "unsafe-text", "enrolment", [7, ""]],
  ["a serial of 33 characters", "too-long", "enrolment", [7, "1".repeat(33)]],
  ["registry version 0", "bad-field", "enrolment", [8, 0]],
  ["glyph profile 3", "bad-field", "enrolment", [9, 3]],
  ["no attestation", "bad-field", "enrolment", [10, undefined]],
  ["an empty attestation", "bad-field", "enrolment", [10, new Uint8Array()]],
  ["an attestation of 1025 bytes", "bad-field", "enrolment", [10, counting(1025)]],
  ["token digits in the clear", "bad-field", "enrolment", [11, TOKEN_DIGITS]],
  ["a digits proof of 31 bytes", "bad-field", "enrolment", [11, counting(31)]],
  ["a display of 1", "bad-field", "enrolment", [12, 1]],
  ["no keypad", "bad-field", "enrolment", [13, undefined]],
  ["a further member", "bad-field", "enrolment", [14, 0]],
  ["another version", "bad-version", "attestation", [1, 2]],
  ["a server id of 8 bytes", "bad-field", "attestation", [2, counting(8)]],
  ["no challenge", "bad-field", "attestation", [3, undefined]],
  ["a model that is bytes", "bad-field", "attestation", [4, counting(3)]],
  ["a serial with a newline", "unsafe-text", "attestation", [5, "1\n2"]],
  ["a firmware of 33 characters", "too-long", "attestation", [6, "1".repeat(33)]],
  ["a further member", "bad-field", "attestation", [7, "x"]],
];

/** What a key and its device sign about themselves. */
export const enrolmentVectors: Suite<Accept, Reject> = {
  name: "enrolment",
  spec: "docs/protocol/code-and-statement.md section 7",
  about:
    "accept: `enrolment` and `attestation` are payloads; the public key in the first has `fingerprint`, and with the " +
    "enrolment's challenge gives `attestationChallenge`. reject: decoding `bytes` as that `map` is refused.",
  build: () => ({
    accept: ACCEPT.map(([name, enrolment]) => {
      const bytes = toHex(encodeEnrolment(enrolment));
      return { name, enrolment: bytes, attestation: toHex(attestationPayload), ...outputs(enrolment) };
    }),
    reject: REJECT.map(([name, because, map, ...changes]) => {
      return { name: `${map}: ${name}`, map, bytes: changed(map, changes), because };
    }),
  }),
  accept: ({ enrolment, attestation }) => {
    const decoded = decodeEnrolment(fromHex(enrolment));
    const again = toHex(encodeAttestation(decodeAttestation(fromHex(attestation))));
    return { enrolment: toHex(encodeEnrolment(decoded)), attestation: again, ...outputs(decoded) };
  },
  reject: ({ map, bytes }) => {
    const decode = map === "enrolment" ? decodeEnrolment : decodeAttestation;
    return refusalOf(() => decode(fromHex(bytes)));
  },
};

function outputs(enrolment: Enrolment): Pick<Accept, "keyId" | "fingerprint" | "attestationChallenge"> {
  return {
    keyId: toHex(enrolment.keyId),
    fingerprint: fingerprintOf(enrolment.publicKey),
    attestationChallenge: toHex(attestationChallengeFor(enrolment.challenge, enrolment.publicKey)),
  };
}

function changed(map: "enrolment" | "attestation", changes: readonly Change[]): string {
  const bytes = map === "enrolment" ? encodeEnrolment(ENROLMENT) : attestationPayload;
  const members = new Map(decodeCbor(bytes) as ReadonlyMap<number, CborValue>);
  for (const [member, value] of changes) {
    if (value === undefined) members.delete(member);
    else members.set(member, value);
  }
  return toHex(encodeCbor(members));
}
