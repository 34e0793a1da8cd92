/**
 * What happens "at once" or "within a second" has happened by then on a machine as busy as any, and what only a time-out
 * ends has not: a test that takes this bound lets the time-outs that would mask a fault last longer.
 */
export const AT_ONCE_MS = 30_000;

/** How long a browser may take for one step: Playwright's own 30 s are not much on a machine that is busy. */
export const PATIENT_MS = 200_000;
