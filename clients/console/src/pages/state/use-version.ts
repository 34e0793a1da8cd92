import { useCallback, useEffect, useState } from "preact/hooks";

/**
 * A number that tables are loaded anew by: `raise` it after something was done. With `everyMs` it rises by itself as well,
 * while the page is looked at.
 */
export function useVersion(everyMs?: number): readonly [version: number, raise: () => void] {
  const [version, setVersion] = useState(0);
  const raise = useCallback(() => setVersion((before) => before + 1), []);
  useEffect(() => {
    if (everyMs === undefined) return;
    const timer = setInterval(() => document.hidden || raise(), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return [version, raise];
}
