import type { JSX } from "preact";
import { factsOf } from "./event-words.ts";

/** Facts of an event, as recorded. */
export function EventFacts({ detailJson }: { detailJson: string }): JSX.Element | null {
  const facts = factsOf(detailJson);
  if (facts.length === 0) return null;
  return (
    <ul class="event-facts">
      {facts.map(([name, value]) => (
        <li key={name} dir="ltr">
          {name !== "" && `${name} `}
          <code>{value}</code>
        </li>
      ))}
    </ul>
  );
}
