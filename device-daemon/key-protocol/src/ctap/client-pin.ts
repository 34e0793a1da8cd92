import type { CosePoint } from "./cose-point.ts";
import { CosePurpose, coseKeyOfPoint, pointOfAgreementKey } from "./cose-point.ts";
import { ClientPinCommand, CtapCommand } from "./command.ts";
import type { CtapMap } from "./ctap-cbor.ts";
import { CtapFields } from "./ctap-fields.ts";
import { encodeCtapRequest } from "./ctap-message.ts";

/** Members of a clientPIN request. */
export interface ClientPinRequest {
  readonly protocol: 1 | 2;
  readonly command: ClientPinCommand;
  readonly keyAgreement?: CosePoint;
  /** Over newPinEnc, or over newPinEnc and pinHashEnc. */
  readonly pinUvAuthParam?: Uint8Array;
  readonly newPinEnc?: Uint8Array;
  readonly pinHashEnc?: Uint8Array;
  /** Bits of TokenPermission. */
  readonly permissions?: number;
  readonly rpId?: string;
}

/** What an authenticator answers to clientPIN; which members depends on the command. */
export interface ClientPinAnswer {
  readonly keyAgreement?: CosePoint;
  /** Encrypted. */
  readonly token?: Uint8Array;
  readonly pinRetries?: number;
  /** Three wrong PINs in a row: only plugging in anew lets it take another. */
  readonly powerCycle?: boolean;
  readonly uvRetries?: number;
}

/** The message of a clientPIN request. */
export function encodeClientPin(request: ClientPinRequest): Uint8Array {
  const { keyAgreement } = request;
  return encodeCtapRequest(CtapCommand.CLIENT_PIN, [
    [1, request.protocol],
    [2, request.command],
    [3, keyAgreement === undefined ? undefined : coseKeyOfPoint(keyAgreement, CosePurpose.AGREE)],
    [4, request.pinUvAuthParam],
    [5, request.newPinEnc],
    [6, request.pinHashEnc],
    [9, request.permissions],
    [10, request.rpId],
  ]);
}

/** Reads clientPIN's answer, controlled by the device. Throws CtapError. */
export function decodeClientPinAnswer(map: CtapMap): ClientPinAnswer {
  const fields = new CtapFields("clientPIN", map);
  const keyAgreement = fields.optional(1, (key) => pointOfAgreementKey(fields.any(key)));
  const token = fields.optional(2, (key) => fields.bytes(key, 16, 64));
  const pinRetries = fields.optional(3, (key) => fields.integer(key, 0, 255));
  const powerCycle = fields.optional(4, (key) => fields.bool(key));
  const uvRetries = fields.optional(5, (key) => fields.integer(key, 0, 255));
  return {
    ...(keyAgreement === undefined ? {} : { keyAgreement }),
    ...(token === undefined ? {} : { token }),
    ...(pinRetries === undefined ? {} : { pinRetries }),
    ...(powerCycle === undefined ? {} : { powerCycle }),
    ...(uvRetries === undefined ? {} : { uvRetries }),
  };
}
