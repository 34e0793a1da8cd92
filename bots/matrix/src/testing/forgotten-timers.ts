const LONG_MS = 10_000;

/**
 * The SDK bounds every request by a timer (15 s to nearly two minutes) that it never clears. The bot's process ends
 * by itself; a test run would wait for them.
 */
export function letGoOfForgottenTimers(): void {
  const { setTimeout: original } = globalThis;
  const patched = (...given: Parameters<typeof original>): NodeJS.Timeout => {
    const timer = original(...given);
    return (given[1] ?? 0) >= LONG_MS ? timer.unref() : timer;
  };
  globalThis.setTimeout = Object.assign(patched, original);
}
