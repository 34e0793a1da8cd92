import { useEffect, useState } from "preact/hooks";

/** Seconds left at which who hears the page is told. */
const TELL_AT: readonly number[] = [60, 30, 10];

/** Whole seconds until `until` (Unix milliseconds), counted down; `tell` is called when few are left. */
export function useTimeLeft(until: number | undefined, tell: (seconds: number) => void): number {
  const [left, setLeft] = useState(() => secondsLeft(until));
  useEffect(() => {
    setLeft(secondsLeft(until));
    if (until === undefined) return;
    const timer = setInterval(() => {
      const seconds = secondsLeft(until);
      setLeft(seconds);
      if (TELL_AT.includes(seconds)) tell(seconds);
      if (seconds === 0) clearInterval(timer);
    }, 1000);
    return () => clearInterval(timer);
  }, [until]);
  return left;
}

function secondsLeft(until: number | undefined): number {
  return until === undefined ? 0 : Math.max(0, Math.ceil((until - Date.now()) / 1000));
}

/** "9:05". */
export function minutesText(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
