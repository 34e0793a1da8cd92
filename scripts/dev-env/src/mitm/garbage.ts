import { generateKeyPairSync, sign } from "node:crypto";
import { parseSigned, signMessage, SignatureType } from "@countersign/protocol";

/** Statements that a key never signed, made from one that it did: noise, a flipped signature, a foreign key, another type. */
export function garbageOf(signedStatement: Uint8Array): Buffer[] {
  const { keyId, payload } = parseSigned(signedStatement);
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const foreign = (bytes: Uint8Array): Uint8Array =>
    sign("sha256", bytes, { key: privateKey, dsaEncoding: "ieee-p1363" });
  const flipped = Buffer.from(signedStatement);
  flipped.writeUInt8(flipped.readUInt8(flipped.length - 1) ^ 1, flipped.length - 1);
  return [
    Buffer.alloc(200, 0xa5),
    flipped,
    Buffer.from(signMessage(SignatureType.STATEMENT, keyId, payload, foreign)),
    Buffer.from(signMessage(SignatureType.ENROLMENT, keyId, payload, foreign)),
    Buffer.from(signedStatement.subarray(0, 100)),
  ];
}
