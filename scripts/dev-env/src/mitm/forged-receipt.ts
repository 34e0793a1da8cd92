import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import {
  buildReceipt,
  coseKeyOfJwk,
  encodeContent,
  fromHex,
  type Kind,
  type Label,
  parseSigned,
} from "@countersign/protocol";
import type { Transaction } from "@countersign/proto/node/core/v1/transaction_service";

/** A receipt as good as malware can make it: true content and true statement, countersigned by a key of its own. */
export function forgedReceipt(transaction: Transaction, signedStatement: Uint8Array): Uint8Array {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const lines = transaction.lines.map(({ label, value }) => ({ label: label as Label, value }));
  const content = encodeContent({
    version: transaction.contentVersion,
    issuer: transaction.issuerName,
    kind: transaction.kind as Kind,
    lines,
  });
  return buildReceipt(
    {
      serverId: fromHex(transaction.serverId),
      txId: fromHex(transaction.transactionId),
      state: "EXECUTED",
      time: `${new Date().toISOString().slice(0, 19)}Z`,
      content,
      signedStatement,
      key: {
        keyId: parseSigned(signedStatement).keyId,
        publicKey: coseKeyOfJwk(publicKey.export({ format: "jwk" })),
        attestation: new Uint8Array(),
      },
      audit: "pending",
    },
    randomBytes(16),
    (bytes) => sign("sha256", bytes, { key: privateKey, dsaEncoding: "ieee-p1363" }),
  );
}
