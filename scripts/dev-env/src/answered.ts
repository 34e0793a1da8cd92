import { setTimeout as pause } from "node:timers/promises";
import { status, type ServiceError } from "@grpc/grpc-js";

const PATIENCE_MS = 200_000;

/**
 * The same call again until somebody answers, as an app makes it when the core dies under it: every RPC may be repeated as it
 * was. Rejects with any other error, and with the last outage when the core stays away.
 */
export async function answered<T>(call: () => Promise<T>): Promise<T> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if ((error as Partial<ServiceError>).code !== status.UNAVAILABLE || patience.aborted) throw error;
      await pause(50);
    }
  }
}
