import { type Moment } from "@countersign/pages";
import type { ComponentChildren, JSX } from "preact";
import { TimeText } from "./time-text.tsx";

/** Something that happened. */
export interface Happened {
  readonly id: string;
  readonly at: Moment | undefined;
  readonly what: ComponentChildren;
  /** Who. */
  readonly actor?: string | undefined;
  /** More of it, such as facts. */
  readonly detail?: ComponentChildren;
}

/** What happened, oldest first. */
export function Timeline({ label, events }: { label: string; events: readonly Happened[] }): JSX.Element {
  return (
    <ol class="timeline" aria-label={label}>
      {events.map(({ id, at, what, actor, detail }) => (
        <li key={id}>
          <TimeText at={at} />
          <strong>{what}</strong>
          {actor !== undefined && <span dir="auto">{actor}</span>}
          {detail !== undefined && <div>{detail}</div>}
        </li>
      ))}
    </ol>
  );
}
