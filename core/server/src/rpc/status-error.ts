import { Metadata, type ServiceError, type status } from "@grpc/grpc-js";
import { BadRequest, ErrorInfo, RetryInfo } from "@countersign/proto/google/rpc/error_details";
import { Status } from "@countersign/proto/google/rpc/status";
import type { Violation } from "./refusal.ts";

/** A gRPC status with `grpc-status-details-bin`, in the form that grpc-js callbacks and streams take. */
export type StatusError = ServiceError;

export interface Details {
  /** ErrorInfo.reason, in domain "countersign". */
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly Violation[];
  readonly retryAfterMs: number | undefined;
}

/**
 * Characters of a message, and of all violations. They travel as a header: where it is longer than a client takes (some take
 * 8 KiB), that client ends the connection, and every other call on it.
 */
const MOST_TOLD = 1800;

/** ErrorInfo always; BadRequest and RetryInfo where they apply. What is too long for a header is cut, and says so. */
export function statusError(code: status, text: string, details: Details): StatusError {
  const message = shortened(text);
  const encoded = Status.encode(Status.create({ code, message, details: detailsOf(details) })).finish();
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(encoded));
  return Object.assign(new Error(message), { code, details: message, metadata });
}

function detailsOf(details: Details): { typeUrl: string; value: Buffer }[] {
  const { reason, metadata, violations, retryAfterMs } = details;
  const info = ErrorInfo.encode(ErrorInfo.create({ reason, domain: "countersign", metadata: { ...metadata } }));
  const packed = [any("ErrorInfo", info.finish())];
  if (violations.length > 0) {
    const fieldViolations = firstOf(violations);
    packed.push(any("BadRequest", BadRequest.encode(BadRequest.create({ fieldViolations })).finish()));
  }
  if (retryAfterMs !== undefined) {
    packed.push(any("RetryInfo", RetryInfo.encode(RetryInfo.create({ retryDelay: duration(retryAfterMs) })).finish()));
  }
  return packed;
}

function shortened(text: string): string {
  return text.length <= MOST_TOLD ? text : `${text.slice(0, MOST_TOLD).toWellFormed()} …`;
}

function firstOf(violations: readonly Violation[]): Violation[] {
  const told: Violation[] = [];
  let left = MOST_TOLD;
  for (const { field, description } of violations) {
    left -= field.length + description.length;
    if (left < 0) {
      const others = violations.length - told.length;
      return [...told, { field: field.slice(0, 200).toWellFormed(), description: `is wrong as well: ${others} more` }];
    }
    told.push({ field, description });
  }
  return told;
}

function any(name: string, value: Uint8Array): { typeUrl: string; value: Buffer } {
  return { typeUrl: `type.googleapis.com/google.rpc.${name}`, value: Buffer.from(value) };
}

function duration(ms: number): { seconds: bigint; nanos: number } {
  const whole = Math.max(0, Math.ceil(ms));
  return { seconds: BigInt(Math.floor(whole / 1000)), nanos: (whole % 1000) * 1_000_000 };
}
