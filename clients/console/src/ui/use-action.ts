import { useState } from "preact/hooks";
import { CoreFailure } from "../connection/core-failure.ts";

/** Something that a press of a button asks of the core. */
export interface Acting {
  readonly busy: boolean;
  readonly failure: CoreFailure | undefined;
  /** Does it, unless it is being done. Resolves with whether it worked; refusals are in `failure`. */
  readonly run: (act: () => Promise<void>) => Promise<boolean>;
}

/** For buttons: one press, one call, and its refusal beside it. */
export function useAction(): Acting {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<CoreFailure | undefined>(undefined);
  const run = async (act: () => Promise<void>): Promise<boolean> => {
    if (busy) return false;
    setBusy(true);
    setFailure(undefined);
    try {
      await act();
      return true;
    } catch (error) {
      if (!(error instanceof CoreFailure)) throw error;
      setFailure(error);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, failure, run };
}
