import type { Change } from "@countersign/proto/web/admin/v1/admin_service";
import { pause } from "@countersign/sdk/browser";
import { useEffect, useState } from "preact/hooks";
import { CoreFailure } from "../connection/core-failure.ts";
import { admin } from "../connection/core.ts";
import { changeIsOver } from "./change-words.ts";

/** How often a change that is on its way is looked at, in milliseconds. */
const EVERY_MS = 1_000;

interface Followed {
  readonly change: Change | undefined;
  /** Why it cannot be looked at just now; it is tried again. */
  readonly failure: CoreFailure | undefined;
}

/** Follows a change until nothing more comes of it. */
export function useChange(first: Change | undefined): Followed {
  const [followed, setFollowed] = useState<Followed>({ change: first, failure: undefined });
  const changeId = first?.changeId;
  useEffect(() => {
    if (changeId === undefined) return;
    const leaving = new AbortController();
    void follow(changeId, leaving.signal, setFollowed);
    return () => leaving.abort();
  }, [changeId]);
  return followed;
}

async function follow(
  changeId: string,
  signal: AbortSignal,
  tell: (next: (before: Followed) => Followed) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const { change } = await admin.getChange({ changeId }, { signal });
      tell(() => ({ change, failure: undefined }));
      if (change !== undefined && changeIsOver(change.state)) return;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof CoreFailure)) throw error;
      tell(({ change }) => ({ change, failure: error }));
    }
    await pause(EVERY_MS, signal);
  }
}
