import type { Index } from "../store/store.ts";
import type { Key } from "./key.ts";

/** Keys are found by their user, newest first. */
export function keyIndex(key: Key): Index {
  return { owner: key.userId, sort: key.enrolledAt };
}
