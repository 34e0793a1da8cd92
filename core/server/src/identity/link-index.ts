import type { Index } from "../store/store.ts";
import type { Link } from "./link.ts";

/**
 * Links are found by their user; one that waits for its chat or for its LINK transaction, also by the end of its token;
 * one whose chat still has to be cleared, at once.
 */
export function linkIndex(link: Link): Index {
  const due = isUnclaimed(link) ? link.until + 1 : link.leavingAt;
  return { owner: link.userId, ...(due === undefined ? {} : { due }) };
}

/** Nothing but its token's end stops it: no chat has it, or no transaction was made for it. */
export function isUnclaimed({ state, txId }: Link): boolean {
  return state === "WAITING" || (state === "CLAIMED" && txId === undefined);
}
