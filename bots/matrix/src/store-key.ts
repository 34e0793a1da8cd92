import { readSecret } from "@countersign/bot-kit";

/** The key of the crypto store: 64 hex digits in a file. Throws an error that says how to make one. */
export function readStoreKey(path: string): Uint8Array {
  const digits = readSecret("store key", path).reveal();
  if (!/^[0-9a-f]{64}$/i.test(digits)) {
    throw new Error("--store-key-file: must hold 64 hex digits. Make one with: openssl rand -hex 32");
  }
  return new Uint8Array(Buffer.from(digits, "hex"));
}
