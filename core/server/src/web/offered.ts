import type { CallerKind } from "../rpc/caller.ts";
import { PERMISSION } from "../rpc/permission.ts";

/** Callers that stand for one user or one transaction, on the user's own device. Tokens of apps have no place in a page. */
const OF_USERS: readonly CallerKind[] = ["grant", "confirmation", "enrolment"];

/** Whether an RPC is there for pages: if there is a token of a user's client that opens it. */
export function isOffered(path: string): boolean {
  return PERMISSION[path]?.some((kind) => OF_USERS.includes(kind)) === true;
}
