import type { Metadata, ServiceError } from "@grpc/grpc-js";
import { CoreError, detailIn } from "../core-error.ts";

/** Translates what grpc-js throws, once, at the edge. Anything else is passed on as it is. */
export function toCoreError(error: unknown): unknown {
  if (!isServiceError(error)) return error;
  return new CoreError(error.code, error.details || error.message, detailIn(rawDetails(error.metadata)));
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && typeof error.code === "number" && "metadata" in error;
}

function rawDetails(metadata: Metadata | undefined): Uint8Array | undefined {
  const [raw] = metadata?.get("grpc-status-details-bin") ?? [];
  return raw instanceof Uint8Array ? raw : undefined;
}
