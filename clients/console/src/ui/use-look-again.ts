import { useEffect } from "preact/hooks";

/**
 * Asks again every so often while the page is looked at, and never while an answer is still on its way: to ask anew lets the
 * call before it go, so a core that takes longer than `everyMs` would be asked for ever and never be heard. undefined: not
 * any more. `again` is the same function while nothing else changes.
 */
export function useLookAgain(again: () => void, everyMs: number | undefined, loading: boolean): void {
  useEffect(() => {
    if (loading || everyMs === undefined) return;
    const timer = setInterval(() => document.hidden || again(), everyMs);
    return () => clearInterval(timer);
  }, [again, everyMs, loading]);
}
