import type { Reason } from "@countersign/protocol";

/** Every reason that leaves the core in an ErrorInfo: those of the protocol, and those of the transport itself. */
export type RpcReason =
  | Reason
  | "BAD_INPUT"
  | "UNAUTHENTICATED"
  | "NOT_ALLOWED"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "STORE_FULL"
  | "UNAVAILABLE";

export interface Violation {
  /** Path as in the proto: `fields[2].value`. */
  readonly field: string;
  readonly description: string;
}

/** An expected refusal: a value that handlers return, turned into a gRPC status once, at the edge (answer.ts). */
export interface Refusal {
  readonly refused: RpcReason;
  /** What, where, what to do next. Reaches apps and bots; never holds a code, PIN or token. */
  readonly message: string;
  /** Further facts for an app, e.g. `triesLeft`. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** When asking again may help. */
  readonly retryAfterMs?: number;
  readonly violations?: readonly Violation[];
}

export function refuse(reason: RpcReason, message: string, more?: Omit<Refusal, "refused" | "message">): Refusal {
  return { refused: reason, message, ...more };
}

/** A field of the request is wrong: INVALID_ARGUMENT with one BadRequest violation. */
export function badInput(field: string, description: string): Refusal {
  return refuse("BAD_INPUT", `${field}: ${description}`, { violations: [{ field, description }] });
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === "object" && value !== null && "refused" in value && typeof value.refused === "string";
}
