// credential id of a key that is not kept = version u8 = 1 | iv 12 | AES-256-GCM(wrap key, protection u8 | scalar 32) | tag 16
// with SHA-256(rp id) as associated data: under another RP id it does not open.

import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Random } from "../storage/random.ts";
import { Protection, protectionOf } from "./fido-state.ts";

const VERSION = 1;
const IV = 12;
const TAG = 16;

/** Length of such an id, in bytes. */
export const WRAPPED_ID_LENGTH: number = 1 + IV + 1 + 32 + TAG;

/** What the id of a key that is not kept carries. */
export interface Wrapped {
  readonly privateKey: Uint8Array;
  readonly protection: Protection;
}

/** A credential id that carries its own private key, sealed for this device and RP. */
export function wrapCredential(wrapKey: Uint8Array, rpIdHash: Uint8Array, held: Wrapped, random: Random): Uint8Array {
  const iv = random(IV);
  const cipher = createCipheriv("aes-256-gcm", wrapKey, iv).setAAD(rpIdHash);
  const plain = Uint8Array.of(held.protection, ...held.privateKey);
  return Uint8Array.of(VERSION, ...iv, ...cipher.update(plain), ...cipher.final(), ...cipher.getAuthTag());
}

/** Opens an id (host-controlled); undefined when it is not this device's for this RP. */
export function unwrapCredential(wrapKey: Uint8Array, rpIdHash: Uint8Array, id: Uint8Array): Wrapped | undefined {
  if (id.length !== WRAPPED_ID_LENGTH || id[0] !== VERSION) return undefined;
  const opener = createDecipheriv("aes-256-gcm", wrapKey, id.subarray(1, 1 + IV), { authTagLength: TAG });
  opener.setAAD(rpIdHash).setAuthTag(id.subarray(-TAG));
  let plain: Buffer;
  try {
    plain = Buffer.concat([opener.update(id.subarray(1 + IV, -TAG)), opener.final()]);
  } catch {
    return undefined;
  }
  const protection = protectionOf(plain[0] ?? 0) ?? Protection.REQUIRED;
  return { privateKey: new Uint8Array(plain.subarray(1)), protection };
}
