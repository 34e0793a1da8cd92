// Which call a commit is made for, without every function between having to pass it on.
import { AsyncLocalStorage } from "node:async_hooks";
import { RefusalError } from "./refusal-of-error.ts";
import { refuse } from "./refusal.ts";

/** A call whose handler runs. */
export interface RunningCall {
  /** Cancelled, or past its deadline: nobody waits for the answer. */
  readonly isOver: boolean;
}

interface Running {
  readonly call: RunningCall;
  hasWritten: boolean;
}

const running = new AsyncLocalStorage<Running | undefined>();
const over = new RefusalError(refuse("UNAVAILABLE", "The call was over before anything was done."));

/** What runs in it does not begin to write once the call is over. */
export function runFor<T>(call: RunningCall, run: () => T): T {
  return running.run({ call, hasWritten: false }, run);
}

/**
 * Queues a commit: not for a call that is over and has written nothing. One that has written goes on to its end, as half
 * of a flow costs others more than the rest of it. What the commit sets off belongs to no call.
 */
export async function commitFor<Outcome extends string>(commit: () => Promise<Outcome>): Promise<Outcome> {
  const mine = running.getStore();
  if (mine === undefined) return commit();
  if (mine.call.isOver && !mine.hasWritten) throw over;
  const outcome = await running.run(undefined, commit);
  if (outcome === "committed" || outcome === "unknown") mine.hasWritten = true;
  return outcome;
}
