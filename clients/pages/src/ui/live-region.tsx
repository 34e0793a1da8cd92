import { signal } from "@preact/signals";
import type { JSX } from "preact";

const said = signal({ text: "", turn: 0 });

/** Tells people who hear the page what has just changed, without moving their focus. One sentence. */
export function announce(text: string): void {
  said.value = { text, turn: said.value.turn + 1 };
}

/** Where announcements are made; there is one, and it is always there. */
export function LiveRegion(): JSX.Element {
  const { text, turn } = said.value;
  // The same sentence twice is told twice.
  return (
    <p class="heard-only" aria-live="polite" role="status">
      <span key={turn}>{text}</span>
    </p>
  );
}
