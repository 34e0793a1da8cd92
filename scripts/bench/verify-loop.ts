// A process that verifies P-256 signatures and does nothing else: one part of the limit. Started by fork; asked by
// { verifies, bytes }, answers { verified } when done. One KeyObject, synchronous, as in the core.
import { generateKeyPairSync, randomBytes, sign, verify } from "node:crypto";

/** How many signatures over how many bytes. */
export interface VerifyOrder {
  readonly verifies: number;
  readonly bytes: number;
}

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const dsaEncoding = "ieee-p1363";

process.on("message", ({ verifies, bytes }: VerifyOrder) => {
  const message = randomBytes(bytes);
  const signature = sign("sha256", message, { key: privateKey, dsaEncoding });
  const key = { key: publicKey, dsaEncoding } as const;
  for (let i = 0; i < verifies; i++) {
    if (!verify("sha256", message, key, signature)) throw new Error("a signature does not hold");
  }
  process.send?.({ verified: verifies });
});
process.once("disconnect", () => process.exit());
process.send?.({ ready: true });
