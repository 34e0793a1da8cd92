import { hmacSha256, toHex, utf8, type MacKey } from "@countersign/protocol";
import type { EntityKey, HexId } from "../store/entity.ts";

const DOMAIN = utf8("countersign/judged/v1\0");

/** Where the verdict over a statement is kept. `statementHash`: SHA-256 of the statement's bytes. */
export function judgedKey(code: MacKey, txId: HexId, statementHash: Uint8Array): EntityKey<"judged"> {
  const id = toHex(hmacSha256(code, DOMAIN, statementHash).subarray(0, 16));
  return { type: "judged", tenant: "", id: `${txId}:${id}` };
}
