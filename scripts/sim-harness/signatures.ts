// How the keys of a simulation sign: for real, or, in the process of scripts/sim, by a function that nobody else computes.
import { hash } from "node:crypto";

let ideal = false;

/** From now on keys of this process sign what platform.ts accepts. */
export function useIdealSignatures(): void {
  ideal = true;
}

export function signs(publicKey: Uint8Array, bytes: Uint8Array, really: () => Uint8Array): Uint8Array {
  return ideal ? idealSignature(publicKey, bytes) : really();
}

/** 64 bytes that stand for "the holder of this key signed this". */
export function idealSignature(publicKey: Uint8Array, bytes: Uint8Array): Uint8Array {
  const both = new Uint8Array(publicKey.length + bytes.length);
  both.set(publicKey);
  both.set(bytes, publicKey.length);
  return new Uint8Array(hash("sha512", both, "buffer"));
}
