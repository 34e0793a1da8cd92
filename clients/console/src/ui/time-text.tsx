import type { JSX } from "preact";
import { formatMoment, type Moment, msOf } from "../i18n/time.ts";
import { locale } from "../i18n/words.ts";

/** A moment, in the reader's zone and language; nothing where there is none. */
export function TimeText({ at }: { at: Moment | undefined }): JSX.Element | null {
  if (at === undefined) return null;
  const ms = msOf(at);
  return (
    <time dateTime={new Date(ms).toISOString()} title={new Date(ms).toISOString()} class="moment">
      {formatMoment(ms, locale.value)}
    </time>
  );
}
