/** Where a crash test may end the process, and a fault test may throw. In the order a commit passes them. */
export const CRASH_POINTS = [
  "folder-locked",
  "schema-created",
  "opened",
  "change-queued",
  "group-begun",
  "change-begun",
  "entities-written",
  "audit-written",
  "change-written",
  "heads-written",
  "before-commit",
  "after-commit",
  "before-acknowledge",
  "after-acknowledge",
  "witness-saving",
  "witness-saved",
  "closing",
] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];

/** Called at every point passed; given by tests, absent in production. What it throws counts as an I/O error there. */
export type Buggify = (point: CrashPoint) => void;
