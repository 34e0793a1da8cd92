import { CtapStatus, decodeCtapMessage, HidCommand } from "@countersign/key-protocol";
import { AuthFlag } from "@countersign/protocol";
import type { LeanMessage } from "./lean-host.ts";

/** Whether an answer of the FIDO interface is a new credential or an assertion. */
export function isSignature(heard: LeanMessage): boolean {
  return flagsOf(heard) !== undefined;
}

/** Whether it says, under its signature, that a person was present or verified. */
export function claimsPresence(heard: LeanMessage): boolean {
  return ((flagsOf(heard) ?? 0) & (AuthFlag.USER_PRESENT | AuthFlag.USER_VERIFIED)) !== 0;
}

// Both have authenticator data as member 2; getInfo has a list there, clientPIN a token of 32 or 48 bytes.
function flagsOf(heard: LeanMessage): number | undefined {
  if (heard.command !== HidCommand.CBOR) return undefined;
  const { first, map } = decodeCtapMessage(heard.payload);
  if (first !== CtapStatus.OK || !map.has(3)) return undefined;
  const authData = map.get(2);
  return authData instanceof Uint8Array ? authData[32] : undefined;
}
