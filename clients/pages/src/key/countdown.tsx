import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { announce } from "../ui/live-region.tsx";
import { t } from "../i18n/words.ts";

/** Told aloud when one of these is reached or passed, and not every second: a page that is busy skips some. */
const ALOUD = [60, 30, 10];

/** How long there is left, in seconds that run. */
export function Countdown({ lifetimeMs }: { lifetimeMs: number }): JSX.Element {
  const [left, setLeft] = useState(Math.ceil(lifetimeMs / 1000));
  useEffect(() => {
    const end = performance.now() + lifetimeMs;
    const timer = setInterval(() => setLeft(Math.max(0, Math.ceil((end - performance.now()) / 1000))), 250);
    return () => clearInterval(timer);
  }, [lifetimeMs]);
  const before = useRef(left + 1);
  useEffect(() => {
    const isDue = ALOUD.some((mark) => left <= mark && mark < before.current);
    before.current = left;
    if (isDue && left > 0) announce(t("key-left", { seconds: left }));
  }, [left]);
  return <span class="left">{t("key-left", { seconds: left })}</span>;
}
