/** Ends with the promise, or rejects with an AbortError when the signal aborts first, whatever the promise then does. */
export async function bounded<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const over = Promise.withResolvers<never>();
  const abort = (): void => over.reject(new DOMException("the caller's time is over", "AbortError"));
  signal.addEventListener("abort", abort, { once: true });
  try {
    if (signal.aborted) abort();
    return await Promise.race([promise, over.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
    promise.catch(() => undefined);
  }
}
