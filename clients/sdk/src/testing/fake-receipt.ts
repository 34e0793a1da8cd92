import { buildReceipt, fromHex } from "@countersign/protocol";
import { State } from "@countersign/proto/node/core/v1/content";
import type { TestKey } from "./test-key.ts";

/** The receipt that a core would give for what the fake holds. */
export function fakeReceipt(
  held: {
    readonly transaction: { transactionId: string; state: number };
    readonly content: Uint8Array;
    readonly statement: Uint8Array | undefined;
  },
  serverId: string,
  coreKey: TestKey,
  userKey: TestKey | undefined,
): Uint8Array {
  if (userKey === undefined || held.statement === undefined) throw new Error("nothing was confirmed");
  return buildReceipt(
    {
      serverId: fromHex(serverId),
      txId: fromHex(held.transaction.transactionId),
      state: held.transaction.state === State.EXECUTED ? "EXECUTED" : "CONFIRMED",
      time: "2026-11-30T14:31:46Z",
      content: held.content,
      signedStatement: held.statement,
      key: { keyId: userKey.keyId, publicKey: userKey.coseKey, attestation: new Uint8Array() },
      audit: "pending",
    },
    coreKey.keyId,
    (bytes) => coreKey.sign(bytes),
  );
}
