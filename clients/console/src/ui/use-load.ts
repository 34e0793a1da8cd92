import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { CoreFailure } from "../connection/core-failure.ts";

/** What a call to the core stands at. A value stays while it is fetched anew. */
export interface Loaded<T> {
  readonly value: T | undefined;
  readonly failure: CoreFailure | undefined;
  readonly loading: boolean;
  /** Asks again. */
  readonly reload: () => void;
}

interface Held<T> {
  readonly value: T | undefined;
  readonly failure: CoreFailure | undefined;
  readonly loading: boolean;
}

/**
 * Asks the core when the component is shown and whenever `key` changes; what was asked before is let go. With another
 * `version` of the same key it is fetched anew, and what is shown stays until then: nobody loses the place where he reads,
 * or the button that he is about to press. What `load` throws beside CoreFailure is a bug and is thrown on.
 */
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, key: string, version = 0): Loaded<T> {
  const [held, setHeld] = useState<Held<T>>({ value: undefined, failure: undefined, loading: true });
  const [bug, setBug] = useState<unknown>(undefined);
  const [asked, setAsked] = useState(0);
  const shown = useRef(key);
  useEffect(() => {
    const leaving = new AbortController();
    const stays = shown.current === key;
    shown.current = key;
    setHeld(({ value }) => ({ value: stays ? value : undefined, failure: undefined, loading: true }));
    load(leaving.signal).then(
      (value) => leaving.signal.aborted || setHeld({ value, failure: undefined, loading: false }),
      (error: unknown) => {
        if (leaving.signal.aborted) return;
        if (!(error instanceof CoreFailure)) return setBug(error);
        setHeld(({ value }) => ({ value, failure: error, loading: false }));
      },
    );
    return () => leaving.abort();
  }, [key, asked, version]);
  const reload = useCallback(() => setAsked((count) => count + 1), []);
  if (bug !== undefined) throw bug;
  return { ...held, reload };
}
