const LONG_MS = 30_000;

/**
 * For tests that open sessions, before the first. The SDK gives every request a deadline by a timer that it never clears
 * (60 to 110 s), which would keep the test process alive for that long; the bot itself ends by `process.exit`.
 */
export function loosenTimers(): void {
  const strict = globalThis.setTimeout;
  globalThis.setTimeout = Object.assign((...given: Parameters<typeof strict>): NodeJS.Timeout => {
    const timer = strict(...given);
    if ((given[1] ?? 0) >= LONG_MS) timer.unref();
    return timer;
  }, strict);
}
