import { CtapError, type CtapFields, CtapStatus, PIN_PROTOCOLS, type PinProtocol } from "@countersign/key-protocol";

/** The protocol of a number. Throws CtapError INVALID_PARAMETER for one that the key does not speak. */
export function pinProtocolOf(version: number): PinProtocol {
  const found = PIN_PROTOCOLS.find((known) => known.version === version);
  if (found === undefined) throw new CtapError(CtapStatus.INVALID_PARAMETER, `PIN/UV protocol ${version}`);
  return found;
}

/** The proof of a token in a request, not yet checked. */
export interface AuthParam {
  readonly protocol: PinProtocol;
  readonly param: Uint8Array;
}

/** Reads pinUvAuthParam and its protocol; "probe" for an empty one, by which CTAP 2.0 hosts let the person choose a key. */
export function readAuthParam(
  fields: CtapFields,
  paramKey: number,
  protocolKey: number,
): AuthParam | "probe" | undefined {
  if (!fields.has(paramKey)) return undefined;
  const param = fields.bytes(paramKey, 0, 64);
  if (param.length === 0) return "probe";
  const protocol = pinProtocolOf(fields.integer(protocolKey, 0, 255));
  return { protocol, param };
}
