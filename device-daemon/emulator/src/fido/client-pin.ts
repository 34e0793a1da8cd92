import {
  ClientPinCommand,
  coseKeyOfPoint,
  CosePurpose,
  CtapError,
  type CtapFields,
  type CtapMembers,
  CtapStatus,
  encodeCtapOk,
  type PinProtocol,
  pointOfCoseKey,
} from "@countersign/key-protocol";
import { concatBytes } from "@countersign/protocol";
import type { Ending, Flow } from "../prompt.ts";
import { pinProtocolOf } from "./auth-param.ts";
import type { FidoDevice } from "./fido-device.ts";
import { Permission } from "./permission.ts";
import { takeFinger } from "./presence.ts";

const SUPPORTED = Object.values(Permission).reduce<number>((all, bit) => all | bit, 0);
const NEEDS_RP = Permission.MAKE_CREDENTIAL | Permission.GET_ASSERTION;

/** clientPIN: the PIN comes encrypted under a key that host and key agreed on. */
export function* clientPinFlow(device: FidoDevice, fields: CtapFields): Flow<Ending> {
  const command = fields.integer(2, 0, 255);
  return { reply: encodeCtapOk(yield* answerOf(device, command, fields)) };
}

function* answerOf(device: FidoDevice, command: number, fields: CtapFields): Flow<CtapMembers> {
  switch (command) {
    case ClientPinCommand.GET_PIN_RETRIES:
      return pinRetries(device);
    case ClientPinCommand.GET_UV_RETRIES:
      return uvRetries(device);
    case ClientPinCommand.GET_KEY_AGREEMENT:
      pinProtocolOf(fields.integer(1, 0, 255));
      return [[1, coseKeyOfPoint(device.pin.agreement.point, CosePurpose.AGREE)]];
    case ClientPinCommand.SET_PIN:
      return setPin(device, fields);
    case ClientPinCommand.CHANGE_PIN:
      return changePin(device, fields);
    case ClientPinCommand.GET_PIN_TOKEN:
      if (fields.has(9) || fields.has(10)) throw new CtapError(CtapStatus.INVALID_PARAMETER, "it takes no permissions");
      return tokenByPin(device, fields, { bits: NEEDS_RP, rpId: undefined });
    case ClientPinCommand.GET_TOKEN_USING_PIN:
      return tokenByPin(device, fields, readPermissions(fields));
    case ClientPinCommand.GET_TOKEN_USING_UV:
      return yield* tokenByFinger(device, fields);
    default:
      throw new CtapError(CtapStatus.INVALID_SUBCOMMAND, `clientPIN subcommand ${command}`);
  }
}

function pinRetries(device: FidoDevice): CtapMembers {
  if (!device.pin.isSet) throw new CtapError(CtapStatus.PIN_NOT_SET, "no PIN is set");
  return [
    [3, device.pin.retries],
    [4, device.pin.needsPower],
  ];
}

function uvRetries(device: FidoDevice): CtapMembers {
  if (!device.uv.isReady) throw new CtapError(CtapStatus.NOT_ALLOWED, "the key has no sensor");
  return [[5, device.uv.retries]];
}

function setPin(device: FidoDevice, fields: CtapFields): CtapMembers {
  const { protocol, secret } = agreed(device, fields);
  const newPinEnc = fields.bytes(5, 0, 256);
  const param = fields.bytes(4, 0, 64);
  if (device.pin.isSet) throw new CtapError(CtapStatus.PIN_AUTH_INVALID, "a PIN is set; change it");
  checkTag(protocol, secret, newPinEnc, param);
  device.pin.set(device.pin.checkNew(protocol.decrypt(secret, newPinEnc)));
  return [];
}

function changePin(device: FidoDevice, fields: CtapFields): CtapMembers {
  const { protocol, secret } = agreed(device, fields);
  const newPinEnc = fields.bytes(5, 0, 256);
  const pinHashEnc = fields.bytes(6, 0, 64);
  device.pin.checkOpen();
  checkTag(protocol, secret, concatBytes(newPinEnc, pinHashEnc), fields.bytes(4, 0, 64));
  checkPin(device, protocol, secret, pinHashEnc);
  const fresh = device.pin.checkNew(protocol.decrypt(secret, newPinEnc));
  if (device.vault.state.mustChangePin && device.pin.isSame(fresh.pin)) {
    throw new CtapError(CtapStatus.PIN_POLICY_VIOLATION, "the PIN must be another one");
  }
  device.pin.set(fresh);
  device.token.end();
  return [];
}

type Wanted = { readonly bits: number; readonly rpId: string | undefined };

function tokenByPin(device: FidoDevice, fields: CtapFields, wanted: Wanted): CtapMembers {
  const { protocol, secret } = agreed(device, fields);
  const pinHashEnc = fields.bytes(6, 0, 64);
  device.pin.checkOpen();
  checkPin(device, protocol, secret, pinHashEnc);
  if (device.vault.state.mustChangePin) throw new CtapError(CtapStatus.PIN_INVALID, "the PIN must be changed first");
  return [[2, protocol.encrypt(secret, issue(device, protocol, wanted))]];
}

function* tokenByFinger(device: FidoDevice, fields: CtapFields): Flow<CtapMembers> {
  const { protocol, secret } = agreed(device, fields);
  const wanted = readPermissions(fields);
  if (!device.uv.isReady) throw new CtapError(CtapStatus.NOT_ALLOWED, "the key has no sensor");
  yield* takeFinger(device, wanted.rpId);
  return [[2, protocol.encrypt(secret, issue(device, protocol, wanted))]];
}

// Reading the list of credentials is a token of its own, which outlives the power.
function issue(device: FidoDevice, protocol: PinProtocol, wanted: Wanted): Uint8Array {
  if (wanted.bits !== Permission.PERSISTENT_READ) return device.token.issue(protocol, wanted.bits, wanted.rpId);
  const held = device.vault.state.persistentToken;
  if (held !== undefined) return held;
  const persistentToken = device.random(32);
  device.vault.change((state) => ({ ...state, persistentToken }));
  return persistentToken;
}

function readPermissions(fields: CtapFields): Wanted {
  const bits = fields.integer(9, 0, 255);
  const rpId = fields.optional(10, (key) => fields.text(key, 1024));
  if (bits === 0) throw new CtapError(CtapStatus.INVALID_PARAMETER, "a token without permissions");
  const isMixed = (bits & Permission.PERSISTENT_READ) !== 0 && bits !== Permission.PERSISTENT_READ;
  if ((bits & ~SUPPORTED) !== 0 || isMixed) {
    throw new CtapError(CtapStatus.UNAUTHORIZED_PERMISSION, `permissions ${bits.toString(2)}`);
  }
  if ((bits & NEEDS_RP) !== 0 && rpId === undefined) {
    throw new CtapError(CtapStatus.MISSING_PARAMETER, "these permissions need an RP id");
  }
  return { bits, rpId };
}

function agreed(
  device: FidoDevice,
  fields: CtapFields,
): { readonly protocol: PinProtocol; readonly secret: Uint8Array } {
  const protocol = pinProtocolOf(fields.integer(1, 0, 255));
  const peer = pointOfCoseKey(fields.any(3), CosePurpose.AGREE);
  return { protocol, secret: protocol.sharedSecret(device.pin.agreement, peer) };
}

function checkTag(protocol: PinProtocol, key: Uint8Array, message: Uint8Array, param: Uint8Array): void {
  if (!protocol.verify(key, message, param)) {
    throw new CtapError(CtapStatus.PIN_AUTH_INVALID, "the tag is not of the agreed key");
  }
}

function checkPin(device: FidoDevice, protocol: PinProtocol, secret: Uint8Array, pinHashEnc: Uint8Array): void {
  const pinHash = protocol.decrypt(secret, pinHashEnc);
  if (pinHash.length !== 16) throw new CtapError(CtapStatus.INVALID_PARAMETER, "a PIN hash has 16 bytes");
  device.pin.check(pinHash);
}
