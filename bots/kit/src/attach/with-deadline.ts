import { ChannelError } from "../channel-error.ts";

/**
 * Runs one call to a provider under a deadline. The signal aborts the call; a call that does not listen to it is left
 * behind all the same. Either way its fate is unknown. Rejects with ChannelError (unknown, timeout) then.
 */
export async function withDeadline<T>(ms: number, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    controller.abort();
    // One turn later: an adapter that knows more about the fate, such as "not connected yet", speaks first.
    setImmediate(() => setImmediate(() => reject(new ChannelError({ fate: "unknown", detail: "timeout" }))));
  }, ms);
  try {
    return await Promise.race([call(controller.signal), promise]);
  } finally {
    clearTimeout(timer);
  }
}
