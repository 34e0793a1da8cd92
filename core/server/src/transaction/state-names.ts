import type { State } from "./transaction.ts";

// As a record, so that a new state is a compile error here.
const STATE: Readonly<Record<State, true>> = {
  PENDING: true,
  PARTIAL: true,
  APPROVED: true,
  CONFIRMED: true,
  EXECUTING: true,
  EXECUTED: true,
  EXECUTION_FAILED: true,
  EXECUTION_UNKNOWN: true,
  REJECTED: true,
  TAMPERED: true,
  LOCKED: true,
  EXPIRED: true,
  CANCELLED: true,
  UNDELIVERABLE: true,
};

/** Every state by its name. */
export const STATES: ReadonlySet<string> = new Set(Object.keys(STATE));
