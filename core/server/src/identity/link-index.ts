import type { Index } from "../store/store.ts";
import type { Link } from "./link.ts";

/** Links are found by their user; one that waits for its chat, also by the end of its token. */
export function linkIndex(link: Link): Index {
  return { owner: link.userId, ...(link.state === "WAITING" ? { due: link.until + 1 } : {}) };
}
