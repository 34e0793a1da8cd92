/** A wait is made of so many parts. */
const PARTS = 10;

/**
 * Calls `over` when `ms` milliseconds have gone by; call the result to stop it. Time in which this process did not run (a
 * PC that slept, or was busy with others) counts as one part at most, and what came meanwhile is heard before `over` is
 * called: a key is not silent because nobody listened.
 */
export function afterRunning(ms: number, over: () => void): () => void {
  let left = PARTS;
  let heard: NodeJS.Immediate | undefined;
  const pass = (): void => {
    if (--left > 0) timer = setTimeout(pass, ms / PARTS);
    else heard = setImmediate(over);
  };
  let timer = setTimeout(pass, ms / PARTS);
  return () => {
    clearTimeout(timer);
    clearImmediate(heard);
  };
}
