import { randomUUID } from "node:crypto";
import { status } from "@grpc/grpc-js";
import type { Log } from "../log.ts";
import { IntegrityError, StoreFullError, StoreStoppedError, StoreUnavailableError } from "../store/store.ts";
import { isRefusal, refuse, type Refusal } from "./refusal.ts";
import { statusError, type StatusError } from "./status-error.ts";

/** Carries a refusal through code that can only throw. */
export class RefusalError extends Error {
  override readonly name = "RefusalError";
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/**
 * What a caller is told of an error. Of what we did not foresee he learns the id under which it was logged and nothing
 * else: its text may quote anything.
 */
export function refusalOfError(log: Log, path: string, error: unknown): Refusal | StatusError {
  if (error instanceof RefusalError && isRefusal(error.refusal)) return error.refusal;
  if (error instanceof Error && error.name === "AbortError") return refuse("UNAVAILABLE", "The call is over.");
  if (error instanceof IntegrityError) {
    log.error({ path, error, alarm: true }, "ALARM: an entity failed its integrity check; see docs/protocol/store.md");
    return refuse("INTEGRITY", "What is stored cannot be trusted. Nothing was done; an administrator must look.");
  }
  if (error instanceof StoreFullError) {
    log.error({ path, error }, "the store is full: free disk space");
    return refuse("STORE_FULL", "The core cannot write at the moment. Nothing was done; ask again later.", {
      retryAfterMs: 10_000,
    });
  }
  if (error instanceof StoreStoppedError) {
    return refuse("UNAVAILABLE", "The core is stopping: its store failed. Ask again later.", { retryAfterMs: 10_000 });
  }
  if (error instanceof StoreUnavailableError) {
    log.warn({ path, error }, "the store cannot be reached");
    return refuse("UNAVAILABLE", "The core cannot reach its store at the moment. Ask again.", { retryAfterMs: 500 });
  }
  const id = randomUUID();
  log.error({ path, id, error: error instanceof Error ? error : String(error) }, "unexpected error");
  return statusError(status.INTERNAL, `Unexpected error ${id}: give this id to your administrator.`, {
    reason: "INTERNAL",
    metadata: { id },
    violations: [],
    retryAfterMs: undefined,
  });
}
