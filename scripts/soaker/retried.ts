import { setTimeout as sleep } from "node:timers/promises";
import { status, type ServiceError } from "@grpc/grpc-js";

/** How often a call was told to come back. */
export interface Retries {
  busy: number;
}

const MOST = 60;
const WAIT_MS = 1000;

/** Asks again while the core is busy or away. Only for calls that may be repeated. */
export async function retried<T>(retries: Retries, call: () => Promise<T>): Promise<T> {
  for (let i = 0; ; i++) {
    try {
      return await call();
    } catch (error) {
      const { code } = error as ServiceError;
      const mayHelp = code === status.RESOURCE_EXHAUSTED || code === status.UNAVAILABLE;
      if (!mayHelp || i === MOST) throw error;
      retries.busy += 1;
      await sleep(WAIT_MS);
    }
  }
}
