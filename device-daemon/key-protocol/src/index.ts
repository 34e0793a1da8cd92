export {
  BROADCAST,
  encodeMessage,
  FIRST_DATA,
  MAX_MESSAGE,
  MAX_REPORTS,
  NEXT_DATA,
  parseReport,
  REPORT_SIZE,
  type Report,
} from "./report.ts";
export { FramingError, type FramingErrorCode } from "./framing-error.ts";
export { Reassembler, type Message } from "./reassembler.ts";
export { HidCapability, HidCommand, HidError, hidErrorName, KEEPALIVE_EVERY_MS, REPORT_TIMEOUT_MS } from "./command.ts";
export { decodeInitAnswer, encodeInitAnswer, INIT_NONCE, type InitAnswer } from "./init.ts";
export { decodeKeepalive, encodeKeepalive, KeepaliveStatus, WaitsFor } from "./keepalive.ts";
export { Status, statusName } from "./status.ts";
export { Subcommand } from "./subcommand.ts";
export { WireError, type WireErrorStatus } from "./wire-error.ts";
export {
  decodeRequest,
  encodeRequest,
  type EnrolKey,
  KeyAlgorithm,
  type KeyRequest,
  MAX_EXPIRES_IN_S,
  type Present,
  UserMethod,
} from "./request.ts";
export {
  type Answer,
  type CodeAnswer,
  decodeAnswer,
  describeRefused,
  encodeCodeAnswer,
  encodeOk,
  encodeRefused,
  type Refused,
} from "./answer.ts";
export {
  decodeKeyInfo,
  encodeKeyInfo,
  GlyphProfile,
  KEY_PROTOCOL_VERSION,
  type KeyInfo,
  PinState,
} from "./key-info.ts";
export { decodeSigned, encodeSigned } from "./signed-answer.ts";
export { decodeKeyList, encodeKeyList, type KeyList, KEYS_PER_ANSWER, type ListedKey } from "./key-list.ts";
export { type AttestedCredential, type AuthData, decodeAuthData, encodeAuthData } from "./ctap/auth-data.ts";
export { type AuthenticatorInfo, decodeAuthenticatorInfo } from "./ctap/authenticator-info.ts";
export {
  type ClientPinAnswer,
  type ClientPinRequest,
  decodeClientPinAnswer,
  encodeClientPin,
} from "./ctap/client-pin.ts";
export { ClientPinCommand, CtapCommand, ES256, TokenPermission } from "./ctap/command.ts";
export { coseKeyOfPoint, type CosePoint, CosePurpose, pointOfCoseKey } from "./ctap/cose-point.ts";
export {
  type AuthParam,
  type CtapAssertion,
  decodeCtapAssertion,
  decodeMadeCredential,
  encodeAttestationObject,
  encodeGetAssertion,
  encodeMakeCredential,
  type GetAssertion,
  type MadeCredential,
  type MakeCredential,
} from "./ctap/credential.ts";
export {
  type CtapCborOptions,
  type CtapMap,
  type CtapValue,
  decodeCtap,
  decodeCtapPrefix,
  encodeCtap,
} from "./ctap/ctap-cbor.ts";
export { CtapError } from "./ctap/ctap-error.ts";
export { CtapFields } from "./ctap/ctap-fields.ts";
export {
  type CtapMembers,
  decodeCtapMessage,
  encodeCtapOk,
  encodeCtapRefusal,
  encodeCtapRequest,
} from "./ctap/ctap-message.ts";
export { CtapStatus, ctapStatusName } from "./ctap/ctap-status.ts";
export {
  AgreementPair,
  PIN_LENGTH,
  PIN_PROTOCOLS,
  paddedPin,
  pinHashOf,
  type PinProtocol,
  pinProtocolOne,
  pinProtocolTwo,
} from "./ctap/pin-protocol.ts";
export {
  COUNTERSIGN_USAGE_PAGE,
  FIDO_USAGE_PAGE,
  KEY_USAGE,
  UDEV_RULE,
  UDEV_RULE_FILE,
  USB_PRODUCT_ID,
  USB_VENDOR_ID,
} from "./usb.ts";
