import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { announce } from "../ui/live-region.tsx";
import { t } from "../i18n/words.ts";

/** Told aloud at these, and not every second. */
const ALOUD = [60, 30, 10];

/** How long there is left, in seconds that run. */
export function Countdown({ lifetimeMs }: { lifetimeMs: number }): JSX.Element {
  const [left, setLeft] = useState(Math.ceil(lifetimeMs / 1000));
  useEffect(() => {
    const end = performance.now() + lifetimeMs;
    const timer = setInterval(() => setLeft(Math.max(0, Math.ceil((end - performance.now()) / 1000))), 250);
    return () => clearInterval(timer);
  }, [lifetimeMs]);
  useEffect(() => {
    if (ALOUD.includes(left)) announce(t("key-left", { seconds: left }));
  }, [left]);
  return <span class="left">{t("key-left", { seconds: left })}</span>;
}
