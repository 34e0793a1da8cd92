/** Resolves with the first signal that asks this process to end: Ctrl-C, SIGTERM, or a terminal that was closed. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    // Stays in place: a second Ctrl-C must not leave children behind.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve(signal));
  });
}
