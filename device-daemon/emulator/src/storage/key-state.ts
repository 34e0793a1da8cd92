// key state = det-CBOR { 1: 1, 2: attestation key (PKCS #8), 3: attestation key id, 4: PIN salt, 5: PIN hash, 6: retries,
//                        7: [[key id, server id, server name, private key (PKCS #8), public key (COSE_Key), counter], …],
//                        8: state of the FIDO application (bytes of its own), 9: [[finger's slot, salt, template], …],
//                        10: wrong fingers that are left }

import { type CborValue, decodeCbor, encodeCbor } from "@countersign/protocol";

/** PIN tries of a fresh PIN. */
export const PIN_RETRIES = 8;

/** A private key of one server. It signs its enrolment once, then statements. */
export interface Credential {
  readonly keyId: Uint8Array;
  readonly serverId: Uint8Array;
  readonly serverName: string;
  /** PKCS #8. */
  readonly privateKey: Uint8Array;
  /** COSE_Key. */
  readonly publicKey: Uint8Array;
  /** Of the last statement; 0 before the first. */
  readonly counter: number;
}

/** A finger that the key knows. */
export interface Finger {
  /** From 1. */
  readonly slot: number;
  readonly salt: Uint8Array;
  /** What the sensor's reading is compared with. */
  readonly template: Uint8Array;
}

/** Everything a key keeps without power. */
export interface KeyState {
  /** Signs attestations and nothing else. */
  readonly attestation: { readonly privateKey: Uint8Array; readonly keyId: Uint8Array };
  readonly pin?: { readonly salt: Uint8Array; readonly hash: Uint8Array };
  readonly retries: number;
  readonly credentials: readonly Credential[];
  /** What the FIDO application keeps (fido/fido-state.ts); absent on a key that was last used before it had one. */
  readonly fido?: Uint8Array;
  /** By slot; absent: none. */
  readonly fingers?: readonly Finger[];
  /** Absent: all of them. */
  readonly fingerTries?: number;
}

export function encodeKeyState(state: KeyState): Uint8Array {
  const map = new Map<number, CborValue>([
    [1, 1],
    [2, state.attestation.privateKey],
    [3, state.attestation.keyId],
    [6, state.retries],
    [7, state.credentials.map(encodeCredential)],
  ]);
  if (state.pin !== undefined) map.set(4, state.pin.salt).set(5, state.pin.hash);
  if (state.fido !== undefined) map.set(8, state.fido);
  if (state.fingers !== undefined) map.set(9, state.fingers.map(encodeFinger));
  if (state.fingerTries !== undefined) map.set(10, state.fingerTries);
  return encodeCbor(map);
}

function encodeFinger({ slot, salt, template }: Finger): CborValue {
  return [slot, salt, template];
}

function encodeCredential(key: Credential): CborValue {
  return [key.keyId, key.serverId, key.serverName, key.privateKey, key.publicKey, key.counter];
}

/** Throws when the bytes are not a state of this version; they come out of the seal, so that means a bug. */
export function decodeKeyState(bytes: Uint8Array): KeyState {
  const map = decodeCbor(bytes);
  if (!(map instanceof Map) || map.get(1) !== 1) throw new Error("key state: version 1 is due");
  const salt = map.get(4);
  const hash = map.get(5);
  const credentials = map.get(7);
  const fido = map.get(8);
  const fingers = map.get(9);
  const fingerTries = map.get(10);
  if (!Array.isArray(credentials)) throw new Error("key state: member 7 must be a list");
  return {
    attestation: { privateKey: bytesOf(map.get(2)), keyId: bytesOf(map.get(3)) },
    ...(salt === undefined ? {} : { pin: { salt: bytesOf(salt), hash: bytesOf(hash) } }),
    retries: numberOf(map.get(6)),
    credentials: (credentials as readonly CborValue[]).map(decodeCredential),
    ...(fido === undefined ? {} : { fido: bytesOf(fido) }),
    ...(fingers === undefined ? {} : { fingers: listOf(fingers).map(decodeFinger) }),
    ...(fingerTries === undefined ? {} : { fingerTries: numberOf(fingerTries) }),
  };
}

function decodeFinger(value: CborValue): Finger {
  const [slot, salt, template] = listOf(value);
  return { slot: numberOf(slot), salt: bytesOf(salt), template: bytesOf(template) };
}

function decodeCredential(value: CborValue): Credential {
  if (!Array.isArray(value)) throw new Error("key state: a credential must be a list");
  const [keyId, serverId, serverName, privateKey, publicKey, counter] = value as readonly CborValue[];
  if (typeof serverName !== "string") throw new Error("key state: a server name must be text");
  return {
    keyId: bytesOf(keyId),
    serverId: bytesOf(serverId),
    serverName,
    privateKey: bytesOf(privateKey),
    publicKey: bytesOf(publicKey),
    counter: numberOf(counter),
  };
}

function listOf(value: CborValue): readonly CborValue[] {
  if (Array.isArray(value)) return value as readonly CborValue[];
  throw new Error("key state: a list is due");
}

function bytesOf(value: CborValue | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new Error("key state: bytes are due");
}

function numberOf(value: CborValue | undefined): number {
  if (typeof value === "number") return value;
  throw new Error("key state: a number is due");
}
