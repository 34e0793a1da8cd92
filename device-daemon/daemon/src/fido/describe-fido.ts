import type { AuthenticatorInfo } from "@countersign/key-protocol";
import { toHex } from "@countersign/protocol";
import type { FidoDescription } from "../key/fido-port.ts";

/** What the list of keys says about an authenticator. The AAGUID is what policies name a model by. */
export function describeFido(info: AuthenticatorInfo, pinRetries: number): FidoDescription {
  const { options, firmwareVersion } = info;
  return {
    model: `FIDO2 ${aaguidText(info.aaguid)}`,
    firmware: firmwareVersion === undefined ? "" : String(firmwareVersion),
    pinSet: options.get("clientPin") === true,
    pinRetries,
    hasBiometric: options.get("uv") === true,
  };
}

/** "ee882879-721c-4913-9775-3dfcce97072a". */
function aaguidText(aaguid: Uint8Array): string {
  return toHex(aaguid).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
