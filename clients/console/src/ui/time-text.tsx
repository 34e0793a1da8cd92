import { formatMoment, locale, type Moment, msOf } from "@countersign/pages";
import type { JSX } from "preact";

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
