import { AuthFlag, CtapFields, CtapStatus, decodeCtapMessage, HidCommand } from "@countersign/key-protocol";
import type { LeanMessage } from "./lean-host.ts";

/** Whether an answer of the FIDO interface says that a person was present or verified. */
export function claimsPresence(heard: LeanMessage): boolean {
  if (heard.command !== HidCommand.CBOR) return false;
  const { first, map } = decodeCtapMessage(heard.payload);
  if (first !== CtapStatus.OK || !map.has(2) || !map.has(3)) return false;
  const authData = new CtapFields("answer", map).any(2);
  const flags = authData instanceof Uint8Array ? (authData[32] ?? 0) : 0;
  return (flags & (AuthFlag.USER_PRESENT | AuthFlag.USER_VERIFIED)) !== 0;
}
