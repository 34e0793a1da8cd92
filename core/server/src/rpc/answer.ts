// The one place where a refusal becomes a gRPC status. Relying parties and bots get the exact reason; programs on a
// user's PC get a class, and within a class every reply is the same bytes (docs/protocol/verification.md).
import { status } from "@grpc/grpc-js";
import { CLIENT_STATUS, REASONS, clientClassOf, statusOf, type ClientClass, type Reason } from "@countersign/protocol";
import type { Caller } from "./caller.ts";
import type { Refusal, RpcReason } from "./refusal.ts";
import { statusError, type StatusError } from "./status-error.ts";

interface Row {
  readonly forApp: status;
  readonly forClient: ClientClass;
}

/** Reasons of the transport. Those of the protocol have their rows in its REASONS; a reason without one does not compile. */
const TRANSPORT: Readonly<Record<Exclude<RpcReason, Reason>, Row>> = {
  UNAUTHENTICATED: { forApp: status.UNAUTHENTICATED, forClient: "NOT_CONFIRMED" },
  NOT_ALLOWED: { forApp: status.PERMISSION_DENIED, forClient: "NOT_CONFIRMED" },
  NOT_FOUND: { forApp: status.NOT_FOUND, forClient: "NOT_CONFIRMED" },
  ALREADY_EXISTS: { forApp: status.ALREADY_EXISTS, forClient: "NOT_CONFIRMED" },
  STORE_FULL: { forApp: status.RESOURCE_EXHAUSTED, forClient: "BUSY" },
  UNAVAILABLE: { forApp: status.UNAVAILABLE, forClient: "BUSY" },
};

/** Status for an app and class for a client. Reasons that answer no call get a row that gives nothing away. */
export function rowOf(reason: RpcReason): Row {
  if (!isProtocolReason(reason)) return TRANSPORT[reason];
  return {
    forApp: status[statusOf(reason) ?? "FAILED_PRECONDITION"],
    forClient: clientClassOf(reason) ?? "NOT_CONFIRMED",
  };
}

function isProtocolReason(reason: RpcReason): reason is Reason {
  return Object.hasOwn(REASONS, reason);
}

const CLASS_MESSAGE: Readonly<Record<ClientClass, string>> = {
  TRY_AGAIN: "Not confirmed yet. Look at the key and at the phone.",
  NOT_CONFIRMED: "There is nothing to confirm here.",
  TAMPERED: "Nothing was done. This computer may be unsafe.",
  ENDED: "This transaction is over.",
  BUSY: "Wait, then ask again.",
};

/** Fixed, because a figure of its own would tell replies of one class apart. */
const BUSY_RETRY_MS = 10_000;

/** What goes on the wire for a refusal. `caller` undefined: nobody was authenticated. */
export function answerOf(refusal: Refusal, caller: Caller | undefined): StatusError {
  const row = rowOf(refusal.refused);
  if (caller?.kind === "confirmation" || caller?.kind === "grant") return classAnswer(row.forClient);
  return statusError(row.forApp, refusal.message, {
    reason: refusal.refused,
    metadata: refusal.metadata ?? {},
    violations: refusal.violations ?? [],
    retryAfterMs: refusal.retryAfterMs,
  });
}

function classAnswer(of: ClientClass): StatusError {
  return statusError(status[CLIENT_STATUS[of]], CLASS_MESSAGE[of], {
    reason: of,
    metadata: {},
    violations: [],
    retryAfterMs: of === "BUSY" ? BUSY_RETRY_MS : undefined,
  });
}
