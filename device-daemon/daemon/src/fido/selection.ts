import {
  type AuthenticatorInfo,
  CtapCommand,
  CtapStatus,
  encodeCtapRequest,
  encodeMakeCredential,
} from "@countersign/key-protocol";
import { FidoRefusal } from "./fido-refusal.ts";

/**
 * What makes a key wait for a touch and nothing else. Keys of CTAP 2.0 have no command for it: they are asked for a
 * credential with an empty pinUvAuthParam, which such a key refuses after the touch.
 */
export function selectionRequest(info: AuthenticatorInfo): Uint8Array {
  if (hasSelection(info)) return encodeCtapRequest(CtapCommand.SELECTION);
  const [protocol = 1] = info.pinUvAuthProtocols;
  return encodeMakeCredential({
    clientDataHash: new Uint8Array(32),
    rpId: "selection.countersign.invalid",
    rpName: "touch to select",
    userHandle: Uint8Array.of(0),
    userName: "touch to select",
    exclude: [],
    auth: { protocol: protocol === 2 ? 2 : 1, param: new Uint8Array(0) },
  });
}

/** Whether the key's refusal of `selectionRequest` says that it was touched. */
export function wasTouched(info: AuthenticatorInfo, cause: unknown): boolean {
  if (!(cause instanceof FidoRefusal) || hasSelection(info)) return false;
  const codes: readonly number[] = [CtapStatus.PIN_NOT_SET, CtapStatus.PIN_INVALID, CtapStatus.PIN_AUTH_INVALID];
  return codes.includes(cause.code);
}

function hasSelection(info: AuthenticatorInfo): boolean {
  return info.versions.some((version) => /^FIDO_2_[1-9]/.test(version) && !version.endsWith("_PRE"));
}
