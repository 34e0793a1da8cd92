import type { JSX } from "preact";

/** An id, digest or hash, whole: never cut short, breaking where it must. */
export function IdText({ children }: { children: string }): JSX.Element {
  return (
    <code class="id" dir="ltr">
      {children}
    </code>
  );
}
