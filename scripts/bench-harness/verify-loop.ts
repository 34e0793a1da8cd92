// A process that verifies P-256 signatures and does nothing else: one part of the limit. Started by fork; asked by
// { verifies, bytes }, answers { verified } when done. One KeyObject, synchronous, the signature in DER,
// which is the fastest that node:crypto offers.
import { generateKeyPairSync, randomBytes, sign, verify } from "node:crypto";

/** How many signatures over how many bytes. */
export interface VerifyOrder {
  readonly verifies: number;
  readonly bytes: number;
}

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });

process.on("message", ({ verifies, bytes }: VerifyOrder) => {
  const message = randomBytes(bytes);
  const signature = sign("sha256", message, privateKey);
  for (let i = 0; i < verifies; i++) {
    if (!verify("sha256", message, publicKey, signature)) throw new Error("a signature does not hold");
  }
  process.send?.({ verified: verifies });
});
process.once("disconnect", () => process.exit());
process.send?.({ ready: true });
