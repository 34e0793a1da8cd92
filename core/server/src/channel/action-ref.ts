import { fromHex, toHex } from "@countersign/protocol";
import type { HexId } from "../store/entity.ts";

/**
 * What a button carries: the transaction's id as 22 characters of base64url, which fits every provider's limit. It is
 * no secret and no right: whoever gives it back is checked against the chat's user.
 */
export function actionRefOf(txId: HexId): string {
  return Buffer.from(fromHex(txId)).toString("base64url");
}

/** The transaction's id, or undefined for anything that actionRefOf did not write. Attacker-controlled. */
export function transactionOfRef(actionRef: string): HexId | undefined {
  if (!/^[A-Za-z0-9_-]{22}$/.test(actionRef)) return undefined;
  const txId = toHex(new Uint8Array(Buffer.from(actionRef, "base64url")));
  return actionRefOf(txId) === actionRef ? txId : undefined;
}
