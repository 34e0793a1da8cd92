import {
  CtapCommand,
  CtapError,
  type CtapFields,
  type CtapMembers,
  CtapStatus,
  MAX_MESSAGE,
} from "@countersign/key-protocol";
import { concatBytes, equalBytes, sha256 } from "@countersign/protocol";
import { readAuthParam } from "./auth-param.ts";
import { EMPTY_BLOBS } from "./empty-blobs.ts";
import { type FidoDevice, isProtected, MAX_LARGE_BLOBS } from "./fido-device.ts";
import { Permission } from "./permission.ts";

/** Longest part of the array in one message. */
const MAX_FRAGMENT = MAX_MESSAGE - 64;

/** An array that is being written, part by part. */
export interface Writing {
  readonly length: number;
  readonly parts: Uint8Array;
}

/** One answer, and the write that goes on with the next request. */
export interface BlobStep {
  readonly members: CtapMembers;
  readonly writing?: Writing;
}

/** largeBlobs: everybody reads the array, who has a token replaces it. What is in it is not the key's business. */
export function largeBlobs(device: FidoDevice, fields: CtapFields, writing: Writing | undefined): BlobStep {
  const offset = fields.integer(3, 0, 0xffff_ffff);
  const count = fields.optional(1, (key) => fields.integer(key, 0, 0xffff));
  const part = fields.optional(2, (key) => fields.bytes(key, 0, MAX_MESSAGE));
  if ((count === undefined) === (part === undefined)) {
    throw new CtapError(CtapStatus.INVALID_PARAMETER, "one of get and set");
  }
  if (part !== undefined) return write(device, fields, { offset, part, writing });
  if ((count ?? 0) > MAX_FRAGMENT) throw new CtapError(CtapStatus.INVALID_LENGTH, `at most ${MAX_FRAGMENT} bytes`);
  const held = device.vault.state.largeBlobs;
  if (offset > held.length) throw new CtapError(CtapStatus.INVALID_PARAMETER, "beyond the end");
  return { members: [[1, held.slice(offset, offset + (count ?? 0))]] };
}

function write(
  device: FidoDevice,
  fields: CtapFields,
  given: { readonly offset: number; readonly part: Uint8Array; readonly writing: Writing | undefined },
): BlobStep {
  const { offset, part } = given;
  if (part.length > MAX_FRAGMENT) throw new CtapError(CtapStatus.INVALID_LENGTH, `at most ${MAX_FRAGMENT} bytes`);
  const open = offset === 0 ? { length: readLength(fields), parts: new Uint8Array(0) } : given.writing;
  if (open === undefined || offset !== open.parts.length) {
    throw new CtapError(CtapStatus.INVALID_SEQ, "not where the last part ended");
  }
  authorise(device, fields, offset, part);
  const parts = concatBytes(open.parts, part);
  if (parts.length > open.length) throw new CtapError(CtapStatus.INVALID_PARAMETER, "longer than was said");
  if (parts.length < open.length) return { members: [], writing: { length: open.length, parts } };
  const check = sha256(parts.subarray(0, -16)).subarray(0, 16);
  if (!equalBytes(check, parts.subarray(-16))) throw new CtapError(CtapStatus.INTEGRITY_FAILURE, "its check is wrong");
  device.vault.change((state) => ({ ...state, largeBlobs: parts }));
  return { members: [] };
}

function readLength(fields: CtapFields): number {
  const length = fields.integer(4, 0, 0xffff_ffff);
  if (length > MAX_LARGE_BLOBS) throw new CtapError(CtapStatus.LARGE_BLOB_STORAGE_FULL, `at most ${MAX_LARGE_BLOBS}`);
  if (length < EMPTY_BLOBS.length) throw new CtapError(CtapStatus.INVALID_PARAMETER, "shorter than an empty array");
  return length;
}

function authorise(device: FidoDevice, fields: CtapFields, offset: number, part: Uint8Array): void {
  if (!isProtected(device) && !device.vault.state.alwaysVerify) return;
  const auth = readAuthParam(fields, 5, 6);
  if (auth === undefined || auth === "probe") throw new CtapError(CtapStatus.PUAT_REQUIRED, "a token is needed");
  const at = new Uint8Array(4);
  new DataView(at.buffer).setUint32(0, offset, true);
  const message = concatBytes(
    new Uint8Array(32).fill(0xff),
    Uint8Array.of(CtapCommand.LARGE_BLOBS, 0),
    at,
    sha256(part),
  );
  device.token.check({ ...auth, message, permission: Permission.LARGE_BLOB_WRITE });
}
