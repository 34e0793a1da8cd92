import { CtapError, type CtapFields, type CtapMap, CtapStatus, type CtapValue } from "@countersign/key-protocol";
import type { Usable } from "./credentials.ts";
import { type FidoDevice, MAX_BLOB } from "./fido-device.ts";
import { Protection, protectionOf } from "./fido-state.ts";
import { Extension } from "./info.ts";

/** What makeCredential's extensions ask for. */
export interface CreationExtensions {
  readonly protection: Protection;
  /** credProtect was asked for, so it is answered. */
  readonly protectAsked: boolean;
  readonly blob?: Uint8Array;
  readonly blobFits: boolean;
  readonly largeBlobKey: boolean;
  /** Told to RPs that the device's owner listed. */
  readonly minPinLength?: number;
}

/** Reads member 6 of makeCredential; unknown extensions are passed over. Throws CtapError. */
export function readCreationExtensions(
  device: FidoDevice,
  fields: CtapFields,
  rk: boolean,
  rpId: string,
): CreationExtensions {
  const map = fields.has(6) ? fields.map(6) : undefined;
  const level = map?.optional(Extension.PROTECT, (key) => map.integer(key, 0, 255));
  const protection = level === undefined ? Protection.OPTIONAL : protectionOf(level);
  if (protection === undefined) throw new CtapError(CtapStatus.INVALID_OPTION, `credProtect ${level}`);
  const blob = map?.optional(Extension.BLOB, (key) => map.bytes(key, 0, 1024));
  const largeBlobKey = readLargeBlobKey(map);
  if (largeBlobKey && !rk)
    throw new CtapError(CtapStatus.INVALID_OPTION, "largeBlobKey needs a discoverable credential");
  const asksMinimum = map?.optional(Extension.MIN_PIN_LENGTH, (key) => map.bool(key)) === true;
  const { minPinLength, minPinLengthRpIds } = device.vault.state;
  return {
    protection,
    protectAsked: level !== undefined,
    ...(blob === undefined ? {} : { blob }),
    blobFits: rk && (blob?.length ?? 0) <= MAX_BLOB,
    largeBlobKey,
    ...(asksMinimum && minPinLengthRpIds.includes(rpId) ? { minPinLength } : {}),
  };
}

/** The extensions map of the authenticator data of a new credential; undefined when it would be empty. */
export function creationOutputs(asked: CreationExtensions): CtapMap | undefined {
  return nonEmpty([
    [Extension.PROTECT, asked.protectAsked ? asked.protection : undefined],
    [Extension.BLOB, asked.blob === undefined ? undefined : asked.blobFits],
    [Extension.MIN_PIN_LENGTH, asked.minPinLength],
  ]);
}

/** What getAssertion's extensions ask for. */
export interface AssertionExtensions {
  readonly blob: boolean;
  readonly largeBlobKey: boolean;
}

/** Reads member 4 of getAssertion. Throws CtapError. */
export function readAssertionExtensions(fields: CtapFields): AssertionExtensions {
  const map = fields.has(4) ? fields.map(4) : undefined;
  return {
    blob: map?.optional(Extension.BLOB, (key) => map.bool(key)) === true,
    largeBlobKey: readLargeBlobKey(map),
  };
}

/** The extensions map of an assertion's authenticator data. */
export function assertionOutputs(asked: AssertionExtensions, credential: Usable): CtapMap | undefined {
  return nonEmpty([[Extension.BLOB, asked.blob ? (credential.resident?.blob ?? new Uint8Array(0)) : undefined]]);
}

// Asked for with anything but true, it is an error by the standard.
function readLargeBlobKey(map: CtapFields | undefined): boolean {
  const asked = map?.optional(Extension.LARGE_BLOB_KEY, (key) => map.bool(key));
  if (asked === false) throw new CtapError(CtapStatus.INVALID_OPTION, "largeBlobKey is true or absent");
  return asked === true;
}

function nonEmpty(members: readonly (readonly [string, CtapValue | undefined])[]): CtapMap | undefined {
  const map = new Map<string, CtapValue>();
  for (const [name, value] of members) if (value !== undefined) map.set(name, value);
  return map.size === 0 ? undefined : map;
}
