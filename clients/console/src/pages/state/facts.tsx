import type { ComponentChildren, JSX } from "preact";

/** Something that is known: its name, and what it is. */
export type Fact = readonly [name: string, value: ComponentChildren];

/** What is known of one thing. A fact without a value is left out. */
export function Facts({ facts }: { facts: readonly Fact[] }): JSX.Element {
  const known = facts.filter(([, value]) => value !== undefined && value !== null && value !== "" && value !== false);
  return (
    <dl class="lines facts">
      {known.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{typeof value === "string" ? <bdi>{value}</bdi> : value}</dd>
        </div>
      ))}
    </dl>
  );
}
