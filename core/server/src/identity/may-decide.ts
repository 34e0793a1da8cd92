import type { CoreGiven } from "../given.ts";
import { appOf, type Caller } from "../rpc/caller.ts";
import { refuse, type Refusal } from "../rpc/refusal.ts";

/**
 * Why this app may not decide about a user over his head: which first key is his, that a key or he himself is out, where
 * his codes go first. A token of scope `submit` may lie on a user's PC and then is the malware's; one of scope `execute`
 * never does. A development core, which accepts keys that nobody vouches for, makes no difference.
 */
export function mayNotDecide(given: Pick<CoreGiven, "development">, caller: Caller): Refusal | undefined {
  if (given.development || appOf(caller).scope === "execute") return undefined;
  return refuse(
    "NOT_ALLOWED",
    "A token of scope submit may lie on a user's PC and does not decide this. Use one of scope execute, on your server.",
  );
}
