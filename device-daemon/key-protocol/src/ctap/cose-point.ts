// COSE_Key of a point of P-256, 77 bytes for ES256:
//   { 1 kty: 2, 3 alg: -7 (ES256) or -25 (key agreement), -1 crv: 1, -2 x: 32 bytes, -3 y: 32 bytes }

import type { CtapMap, CtapValue } from "./ctap-cbor.ts";
import { CtapFields } from "./ctap-fields.ts";

/** A point of P-256, 32 bytes each. Not checked to lie on the curve. */
export interface CosePoint {
  readonly x: Uint8Array;
  readonly y: Uint8Array;
}

/** What a COSE_Key is for. -25 stands for the ECDH of clientPIN, although HKDF is not what follows there. */
export const CosePurpose = { SIGN: -7, AGREE: -25 } as const;
export type CosePurpose = (typeof CosePurpose)[keyof typeof CosePurpose];

/** The COSE_Key of a point. */
export function coseKeyOfPoint(point: CosePoint, purpose: CosePurpose): CtapMap {
  return new Map<number, CtapValue>([
    [1, 2],
    [3, purpose],
    [-1, 1],
    [-2, point.x],
    [-3, point.y],
  ]);
}

/**
 * Reads an authenticator's key for one agreement, controlled by the device. Only the coordinates are read: keys are known
 * to send another algorithm, no curve, or coordinates without their leading zeros, and the agreement itself fails for what
 * is no point of P-256. Throws CtapError.
 */
export function pointOfAgreementKey(key: CtapValue): CosePoint {
  const fields = new CtapFields("key agreement key", key);
  return { x: filled(fields.bytes(-2, 1, 32)), y: filled(fields.bytes(-3, 1, 32)) };
}

function filled(coordinate: Uint8Array): Uint8Array {
  const whole = new Uint8Array(32);
  whole.set(coordinate, 32 - coordinate.length);
  return whole;
}

/** Reads a COSE_Key on P-256 with the given purpose, controlled by the other side. Throws CtapError. */
export function pointOfCoseKey(key: CtapValue, purpose: CosePurpose): CosePoint {
  const fields = new CtapFields("COSE key", key);
  fields.integer(1, 2, 2);
  fields.integer(3, purpose, purpose);
  fields.integer(-1, 1, 1);
  return { x: fields.bytes(-2, 32), y: fields.bytes(-3, 32) };
}
