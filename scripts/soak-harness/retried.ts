import { setTimeout as sleep } from "node:timers/promises";
import { status, type ServiceError } from "@grpc/grpc-js";

/** How often a call was told to come back. */
export interface Retries {
  busy: number;
}

/** No answer says nothing about whether it was done: the call is repeated as it was. */
const HELPS: ReadonlySet<number> = new Set([status.RESOURCE_EXHAUSTED, status.UNAVAILABLE, status.DEADLINE_EXCEEDED]);
const MOST = 60;
const WAIT_MS = 1000;

/** Asks again while the core is busy or away. Only for calls that may be repeated. */
export async function retried<T>(retries: Retries, call: () => Promise<T>): Promise<T> {
  for (let i = 0; ; i++) {
    try {
      return await call();
    } catch (error) {
      const { code } = error as ServiceError;
      const mayHelp = HELPS.has(code);
      if (!mayHelp || i === MOST) throw error;
      retries.busy += 1;
      await sleep(WAIT_MS);
    }
  }
}
