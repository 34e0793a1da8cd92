import { type CtapMembers, type CtapValue, ES256, MAX_MESSAGE, PIN_PROTOCOLS } from "@countersign/key-protocol";
import { WRAPPED_ID_LENGTH } from "./credential-id.ts";
import { AAGUID } from "./device-certificate.ts";
import {
  type FidoDevice,
  MAX_BLOB,
  MAX_IN_LIST,
  MAX_LARGE_BLOBS,
  MAX_MIN_PIN_RP_IDS,
  MAX_RESIDENTS,
} from "./fido-device.ts";
import { FINGERS_PER_REQUEST } from "./uv-guard.ts";

/** Extensions that this key speaks. */
export const Extension = {
  BLOB: "credBlob",
  PROTECT: "credProtect",
  LARGE_BLOB_KEY: "largeBlobKey",
  MIN_PIN_LENGTH: "minPinLength",
} as const;

/** Attestation formats, the usual one first. */
export const FORMATS = ["packed", "none"] as const;

/** FIDO's registry of user verification methods. */
const FINGERPRINT = 0x02;

/** FIRMWARE as FIDO wants it: a number that rises. */
const FIRMWARE_NUMBER = 0x000100;

/** The answer to getInfo. */
export function infoMembers(device: FidoDevice): CtapMembers {
  const { state } = device.vault;
  return [
    [0x01, ["FIDO_2_0", "FIDO_2_1"]],
    [0x02, Object.values(Extension)],
    [0x03, AAGUID],
    [0x04, optionsOf(device)],
    [0x05, MAX_MESSAGE],
    [0x06, PIN_PROTOCOLS.map(({ version }) => version)],
    [0x07, MAX_IN_LIST],
    [0x08, WRAPPED_ID_LENGTH],
    [0x09, ["usb"]],
    [0x0a, [algorithm(ES256)]],
    [0x0b, MAX_LARGE_BLOBS],
    [0x0c, state.mustChangePin],
    [0x0d, state.minPinLength],
    [0x0e, FIRMWARE_NUMBER],
    [0x0f, MAX_BLOB],
    [0x10, MAX_MIN_PIN_RP_IDS],
    [0x11, device.uv.isReady ? FINGERS_PER_REQUEST : undefined],
    [0x12, device.uv.isReady ? FINGERPRINT : undefined],
    [0x14, MAX_RESIDENTS - state.residents.length],
    [0x16, FORMATS],
  ];
}

function optionsOf(device: FidoDevice): ReadonlyMap<string, boolean> {
  const { alwaysVerify } = device.vault.state;
  return new Map([
    ["rk", true],
    ["up", true],
    ["plat", false],
    ...(device.uv.isReady ? ([["uv", true]] as const) : []),
    ["alwaysUv", alwaysVerify],
    ["credMgmt", true],
    ["authnrCfg", true],
    ["clientPin", device.pin.isSet],
    ["largeBlobs", true],
    ["perCredMgmtRO", true],
    ["pinUvAuthToken", true],
    ["setMinPINLength", true],
    ["makeCredUvNotRqd", !alwaysVerify],
  ]);
}

function algorithm(alg: number): ReadonlyMap<string, CtapValue> {
  return new Map<string, CtapValue>([
    ["alg", alg],
    ["type", "public-key"],
  ]);
}
