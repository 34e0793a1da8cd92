import { type ReadonlySignal, signal } from "@preact/signals";
import { formatRoute, parseRoute, type Route } from "./route.ts";

const current = signal<Route>(parseRoute(location.hash));
addEventListener("hashchange", () => (current.value = parseRoute(location.hash)));

/** Where this tab is. */
export const route: ReadonlySignal<Route> = current;

/** Goes there; the back button comes back. */
export function go(to: Partial<Route> & Pick<Route, "page">): void {
  location.hash = formatRoute(to);
}

/** Sets filters of the page that is shown; "" takes one away. */
export function setQuery(query: Readonly<Record<string, string>>): void {
  go({ ...current.value, query: { ...current.value.query, ...query } });
}
