import {
  CtapCommand,
  CtapError,
  CtapFields,
  type CtapMembers,
  CtapStatus,
  PIN_LENGTH,
} from "@countersign/key-protocol";
import { concatBytes } from "@countersign/protocol";
import { type FidoDevice, isProtected, MAX_MIN_PIN_RP_IDS } from "./fido-device.ts";
import { type ManagementRequest, readManagement } from "./management-param.ts";
import { Permission } from "./permission.ts";

const Subcommand = { TOGGLE_ALWAYS_VERIFY: 2, SET_MIN_PIN_LENGTH: 3 } as const;

/** authenticatorConfig: what loosens or tightens the key for everybody; with a token where one can be had. */
export function configure(device: FidoDevice, fields: CtapFields): CtapMembers {
  const request = readManagement(fields);
  switch (request.subcommand) {
    case Subcommand.TOGGLE_ALWAYS_VERIFY:
      authorise(device, request);
      device.vault.change((state) => ({ ...state, alwaysVerify: !state.alwaysVerify }));
      return [];
    case Subcommand.SET_MIN_PIN_LENGTH:
      authorise(device, request);
      setMinPinLength(device, new CtapFields("setMinPINLength", request.params ?? new Map()));
      return [];
    default:
      throw new CtapError(CtapStatus.INVALID_SUBCOMMAND, `authenticatorConfig subcommand ${request.subcommand}`);
  }
}

function authorise(device: FidoDevice, { auth, signed }: ManagementRequest): void {
  if (!isProtected(device)) return;
  if (auth === undefined) throw new CtapError(CtapStatus.PUAT_REQUIRED, "a token is needed");
  const message = concatBytes(new Uint8Array(32).fill(0xff), Uint8Array.of(CtapCommand.CONFIG), signed);
  device.token.check({ ...auth, message, permission: Permission.CONFIG });
}

function setMinPinLength(device: FidoDevice, params: CtapFields): void {
  const held = device.vault.state;
  const minimum = params.optional(1, (key) => params.integer(key, 0, 255)) ?? held.minPinLength;
  const rpIds = params.optional(2, (key) => params.list(key, 64)) ?? held.minPinLengthRpIds;
  const force = params.optional(3, (key) => params.bool(key)) === true;
  if (minimum < held.minPinLength || minimum > PIN_LENGTH.maxBytes) {
    throw new CtapError(CtapStatus.PIN_POLICY_VIOLATION, "the shortest PIN only grows, up to 63");
  }
  if (force && held.pin === undefined) throw new CtapError(CtapStatus.PIN_NOT_SET, "there is no PIN to change");
  const named = rpIds.filter((each) => typeof each === "string" && each.length <= 256) as string[];
  if (named.length !== rpIds.length) throw new CtapError(CtapStatus.CBOR_UNEXPECTED_TYPE, "RP ids are text");
  if (named.length > MAX_MIN_PIN_RP_IDS) throw new CtapError(CtapStatus.KEY_STORE_FULL, "too many RP ids");
  const tooShort = held.pin !== undefined && held.pin.length < minimum;
  device.vault.change((state) => ({
    ...state,
    minPinLength: minimum,
    minPinLengthRpIds: named,
    mustChangePin: state.mustChangePin || force || tooShort,
  }));
}
