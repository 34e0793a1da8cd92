// fido state = det-CBOR { 1: 1, 2: attestation key (PKCS #8), 3: its certificate (DER), 4: the certificate's issuer (DER),
//   5: wrapping key of credential ids, 6: signature counter, 7: PIN retries, 8: finger retries, 9: shortest PIN,
//   10: flags (1 PIN must be changed, 2 always verify), 11: PIN salt, 12: PIN hash, 13: PIN length, 14: [resident, …],
//   15: [RP id that is told the shortest PIN, …], 16: large blobs, 17: persistent token }
// resident   = { 1: id, 2: RP id, 3: user id, 4: name, 5: display name, 6: private key, 7: protection, 8: blob,
//   9: large-blob key }

import { type CborValue, decodeCbor, encodeCbor } from "@countersign/protocol";
import type { Random } from "../storage/random.ts";
import { newDeviceCertificate } from "./device-certificate.ts";
import { EMPTY_BLOBS } from "./empty-blobs.ts";

/** PIN tries of a fresh PIN. */
export const CLIENT_PIN_RETRIES = 8;

/** Fingers that may be wrong before the sensor is blocked until the PIN is given. */
export const UV_RETRIES = 5;

/** Shortest PIN in code points, unless it was raised. */
export const MIN_PIN_LENGTH = 4;

/** Who may see a credential: anybody, who names it or is verified, who is verified (credProtect). */
export const Protection = { OPTIONAL: 1, OPTIONAL_WITH_ID: 2, REQUIRED: 3 } as const;
export type Protection = (typeof Protection)[keyof typeof Protection];

/** A discoverable credential. */
export interface Resident {
  readonly id: Uint8Array;
  readonly rpId: string;
  readonly userId: Uint8Array;
  readonly name?: string;
  readonly displayName?: string;
  /** P-256 scalar, 32 bytes. It signs assertions and its own self attestation, never a statement. */
  readonly privateKey: Uint8Array;
  readonly protection: Protection;
  readonly blob?: Uint8Array;
  readonly largeBlobKey?: Uint8Array;
}

/** What the FIDO application keeps without power. */
export interface FidoState {
  readonly attestation: {
    readonly privateKey: Uint8Array;
    readonly certificate: Uint8Array;
    readonly issuer: Uint8Array;
  };
  /** Seals credential ids; a new one makes all old ids worthless. */
  readonly wrapKey: Uint8Array;
  readonly counter: number;
  readonly pin?: { readonly salt: Uint8Array; readonly hash: Uint8Array; readonly length: number };
  readonly pinRetries: number;
  readonly uvRetries: number;
  readonly minPinLength: number;
  readonly mustChangePin: boolean;
  readonly alwaysVerify: boolean;
  /** Oldest first. */
  readonly residents: readonly Resident[];
  readonly minPinLengthRpIds: readonly string[];
  readonly largeBlobs: Uint8Array;
  /** For reading the list of credentials, over power cycles; until PIN change or reset. */
  readonly persistentToken?: Uint8Array;
}

/** The state of a key that gets its first power. */
export function freshFido(random: Random): FidoState {
  return emptied(newDeviceCertificate(random), random);
}

/** The state after a reset: everything is gone but the device's own certificate. */
export function wipedFido(bytes: Uint8Array, random: Random): Uint8Array {
  return encodeFidoState(emptied(decodeFidoState(bytes).attestation, random));
}

function emptied(attestation: FidoState["attestation"], random: Random): FidoState {
  return {
    attestation,
    wrapKey: random(32),
    counter: 0,
    pinRetries: CLIENT_PIN_RETRIES,
    uvRetries: UV_RETRIES,
    minPinLength: MIN_PIN_LENGTH,
    mustChangePin: false,
    alwaysVerify: false,
    residents: [],
    minPinLengthRpIds: [],
    largeBlobs: EMPTY_BLOBS,
  };
}

/** The bytes that decodeFidoState reads. */
export function encodeFidoState(state: FidoState): Uint8Array {
  const map = new Map<number, CborValue>([
    [1, 1],
    [2, state.attestation.privateKey],
    [3, state.attestation.certificate],
    [4, state.attestation.issuer],
    [5, state.wrapKey],
    [6, state.counter],
    [7, state.pinRetries],
    [8, state.uvRetries],
    [9, state.minPinLength],
    [10, (state.mustChangePin ? 1 : 0) | (state.alwaysVerify ? 2 : 0)],
    [14, state.residents.map(encodeResident)],
    [15, state.minPinLengthRpIds],
    [16, state.largeBlobs],
  ]);
  const { pin, persistentToken } = state;
  if (pin !== undefined) map.set(11, pin.salt).set(12, pin.hash).set(13, pin.length);
  if (persistentToken !== undefined) map.set(17, persistentToken);
  return encodeCbor(map);
}

/** Throws when the bytes are not a state of this version; they come out of the seal, so that means a bug. */
export function decodeFidoState(bytes: Uint8Array): FidoState {
  const map = mapOf(decodeCbor(bytes));
  if (map.get(1) !== 1) throw new Error("FIDO state: version 1 is due");
  const flags = numberOf(map.get(10));
  return {
    attestation: {
      privateKey: bytesOf(map.get(2)),
      certificate: bytesOf(map.get(3)),
      issuer: bytesOf(map.get(4)),
    },
    wrapKey: bytesOf(map.get(5)),
    counter: numberOf(map.get(6)),
    pinRetries: numberOf(map.get(7)),
    uvRetries: numberOf(map.get(8)),
    minPinLength: numberOf(map.get(9)),
    mustChangePin: (flags & 1) !== 0,
    alwaysVerify: (flags & 2) !== 0,
    ...(map.has(11)
      ? { pin: { salt: bytesOf(map.get(11)), hash: bytesOf(map.get(12)), length: numberOf(map.get(13)) } }
      : {}),
    residents: listOf(map.get(14)).map(decodeResident),
    minPinLengthRpIds: listOf(map.get(15)).map(textOf),
    largeBlobs: bytesOf(map.get(16)),
    ...(map.has(17) ? { persistentToken: bytesOf(map.get(17)) } : {}),
  };
}

function encodeResident(resident: Resident): CborValue {
  const map = new Map<number, CborValue>([
    [1, resident.id],
    [2, resident.rpId],
    [3, resident.userId],
    [6, resident.privateKey],
    [7, resident.protection],
  ]);
  if (resident.name !== undefined) map.set(4, resident.name);
  if (resident.displayName !== undefined) map.set(5, resident.displayName);
  if (resident.blob !== undefined) map.set(8, resident.blob);
  if (resident.largeBlobKey !== undefined) map.set(9, resident.largeBlobKey);
  return map;
}

function decodeResident(value: CborValue): Resident {
  const map = mapOf(value);
  return {
    id: bytesOf(map.get(1)),
    rpId: textOf(map.get(2)),
    userId: bytesOf(map.get(3)),
    ...(map.has(4) ? { name: textOf(map.get(4)) } : {}),
    ...(map.has(5) ? { displayName: textOf(map.get(5)) } : {}),
    privateKey: bytesOf(map.get(6)),
    protection: protectionOf(numberOf(map.get(7))) ?? Protection.REQUIRED,
    ...(map.has(8) ? { blob: bytesOf(map.get(8)) } : {}),
    ...(map.has(9) ? { largeBlobKey: bytesOf(map.get(9)) } : {}),
  };
}

/** The protection of a number; undefined for one that does not exist. */
export function protectionOf(value: number): Protection | undefined {
  return Object.values(Protection).find((known) => known === value);
}

function mapOf(value: CborValue | undefined): ReadonlyMap<number, CborValue> {
  if (value instanceof Map) return value as ReadonlyMap<number, CborValue>;
  throw new Error("FIDO state: a map is due");
}

function listOf(value: CborValue | undefined): readonly CborValue[] {
  if (Array.isArray(value)) return value as readonly CborValue[];
  throw new Error("FIDO state: a list is due");
}

function bytesOf(value: CborValue | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new Error("FIDO state: bytes are due");
}

function textOf(value: CborValue | undefined): string {
  if (typeof value === "string") return value;
  throw new Error("FIDO state: text is due");
}

function numberOf(value: CborValue | undefined): number {
  if (typeof value === "number") return value;
  throw new Error("FIDO state: a number is due");
}
