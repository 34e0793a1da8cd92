// Whom a program acts for when several people give it orders: an administrators' bot names who typed the command. It goes
// into the audit beside the token's own administrator, and decides nothing.
import { AsyncLocalStorage } from "node:async_hooks";
import type { Metadata } from "@grpc/grpc-js";
import type { AuditDraft } from "../store/store.ts";
import { badInput, type Refusal } from "./refusal.ts";

/** Request metadata of an administrator's call: a platform and a stable id there, such as `telegram:4242`. */
export const ON_BEHALF = "countersign-on-behalf";
const SHAPE = /^[a-z]{1,16}:[!-~]{1,255}$/;

const acting = new AsyncLocalStorage<string | undefined>();

/** undefined: nobody is named. What the caller says is written down, not believed. */
export function readOnBehalf(metadata: Metadata): string | undefined | Refusal {
  const values = metadata.get(ON_BEHALF);
  if (values.length === 0) return undefined;
  const [value] = values;
  if (values.length === 1 && typeof value === "string" && SHAPE.test(value)) return value;
  return badInput(ON_BEHALF, "one value, a platform and an id there such as telegram:4242, at most 272 characters");
}

/** What administrators do in it is told with that name. */
export function runOnBehalf<T>(of: string | undefined, run: () => T): T {
  return of === undefined ? run() : acting.run(of, run);
}

/** The drafts as they are to be written: those of the administrator who called name whom he acted for. */
export function tellOnBehalf<Drafts extends readonly AuditDraft[]>(drafts: Drafts): Drafts {
  const onBehalf = acting.getStore();
  if (onBehalf === undefined) return drafts;
  const told = drafts.map((one) =>
    one.actor.startsWith("admin:") ? { ...one, detail: { ...one.detail, onBehalf } } : one,
  );
  return told as readonly AuditDraft[] as Drafts;
}

/** What a commit sets off is nobody's order. */
export function leaveOnBehalf<T>(run: () => T): T {
  return acting.getStore() === undefined ? run() : acting.run(undefined, run);
}
