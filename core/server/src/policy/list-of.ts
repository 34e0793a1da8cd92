import * as v from "valibot";

/** Counted before anything in it is looked at: a list may be as long as a request, and everything wrong in it is told. */
export function listOf<T>(item: v.GenericSchema<unknown, T>, most: number): v.GenericSchema<unknown, T[]> {
  return v.pipe(v.array(v.unknown(), "must be a list"), v.maxLength(most, `must name at most ${most}`), v.array(item));
}
