import type { CallerKind } from "../rpc/caller.ts";
import { PERMISSION } from "../rpc/permission.ts";

/** Callers that stand for one user or one transaction, on the user's own device. Tokens of apps have no place in a page. */
const OF_USERS: readonly CallerKind[] = ["grant", "confirmation", "enrolment"];

/** Services of administrators: for the console's own pages alone. */
export function isOfAdministrators(path: string): boolean {
  return path.startsWith("/countersign.admin.v1.");
}

/** Whether an RPC is there for pages: if there is a token of a user's client that opens it, or the console needs it. */
export function isOffered(path: string, withConsole = false): boolean {
  const callers = PERMISSION[path];
  if (callers === undefined) return false;
  return isOfAdministrators(path) ? withConsole : callers.some((kind) => OF_USERS.includes(kind));
}
