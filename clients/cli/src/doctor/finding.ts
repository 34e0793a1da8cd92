/** One thing that `doctor` looked at. A finding that is not good ends with its fix. */
export interface Finding {
  readonly what: string;
  readonly good: boolean;
  readonly fix?: string;
}

/** Nothing to do about this. */
export function fine(what: string): Finding {
  return { what, good: true };
}

/** To be mended, and how. */
export function bad(what: string, fix: string): Finding {
  return { what, good: false, fix };
}
