import { sha256, toHex, utf8 } from "@countersign/protocol";
import type { EntityKey, HexId } from "../store/entity.ts";

/** The one delivery of a transaction to a chat: its prompt, which later becomes its outcome. */
export function deliveryKey(tenant: HexId, txId: HexId, linkId: HexId): EntityKey<"delivery"> {
  return keyOf(tenant, `${txId}\0${linkId}`);
}

/** A message of its own to a chat; `event` names what happened and is unique in the user's life. */
export function alertKey(tenant: HexId, event: string, linkId: HexId): EntityKey<"delivery"> {
  return keyOf(tenant, `alert\0${event}\0${linkId}`);
}

function keyOf(tenant: HexId, name: string): EntityKey<"delivery"> {
  return { type: "delivery", tenant, id: toHex(sha256(utf8(name)).subarray(0, 16)) };
}
