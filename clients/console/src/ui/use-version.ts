import { useCallback, useState } from "preact/hooks";

/** A number that tables are loaded anew by: `raise` it after something was done. */
export function useVersion(): readonly [version: number, raise: () => void] {
  const [version, setVersion] = useState(0);
  const raise = useCallback(() => setVersion((before) => before + 1), []);
  return [version, raise];
}
