import { CtapError, type CtapFields, type CtapMap, CtapStatus, encodeCtap } from "@countersign/key-protocol";
import { concatBytes } from "@countersign/protocol";
import { readAuthParam } from "./auth-param.ts";
import type { AuthParam } from "./auth-param.ts";

/** A request of credential management or configuration. */
export interface ManagementRequest {
  readonly subcommand: number;
  readonly params: CtapMap | undefined;
  readonly auth: AuthParam | undefined;
  /** Subcommand and parameters as the token's tag covers them. */
  readonly signed: Uint8Array;
}

/** Reads subcommand (1), parameters (2), protocol (3) and tag (4). Throws CtapError. */
export function readManagement(fields: CtapFields): ManagementRequest {
  const subcommand = fields.integer(1, 0, 255);
  const params = fields.optional(2, (key) => fields.any(key));
  if (params !== undefined && !(params instanceof Map)) {
    throw new CtapError(CtapStatus.CBOR_UNEXPECTED_TYPE, "parameters are a map");
  }
  const auth = readAuthParam(fields, 4, 3);
  if (auth === "probe") throw new CtapError(CtapStatus.PIN_AUTH_INVALID, "an empty tag");
  // Canonical bytes have one form only, so this is what came.
  const encoded = params === undefined ? new Uint8Array(0) : encodeCtap(params);
  return { subcommand, params, auth, signed: concatBytes(Uint8Array.of(subcommand), encoded) };
}
