import type { ComponentChildren, JSX } from "preact";
import { hasRight, type Right } from "../shell/right.ts";
import { me } from "../shell/me.ts";

/** Shows what is in it to those who have the right. The core refuses it to all others anyway; Page tells why it is missing. */
export function Allowed({ to, children }: { to: Right; children: ComponentChildren }): JSX.Element | null {
  return hasRight(me.value?.role, to) ? <>{children}</> : null;
}
