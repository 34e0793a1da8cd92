import type { JSX } from "preact";

/** How a state is to be taken. The words say which it is; sign and colour only repeat it. */
export type Tone = "good" | "bad" | "waiting" | "plain";

const SIGN: Readonly<Record<Tone, string>> = { good: "✔", bad: "⛔", waiting: "…", plain: "·" };

const NO_BREAK = "\u00A0";

/** A state in words; the sign stands where they begin. */
export function StateBadge({ tone, children }: { tone: Tone; children: string }): JSX.Element {
  return (
    <span class={`badge badge-${tone}`}>
      <span aria-hidden="true">{SIGN[tone]}</span>
      {NO_BREAK}
      {children}
    </span>
  );
}
