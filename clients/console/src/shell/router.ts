import { type ReadonlySignal, signal } from "@preact/signals";
import { formatRoute, parseRoute, type Route } from "./route.ts";

const current = signal<Route>(parseRoute(location.hash));
addEventListener("hashchange", () => (current.value = parseRoute(location.hash)));

/** Where this tab is. */
export const route: ReadonlySignal<Route> = current;

const place = signal(location.hash);
addEventListener("hashchange", () => (place.value = location.hash));

/** Whether the address names this place, which is no page of the console. */
export function isAt(name: string): boolean {
  return place.value.replace(/^#\/?/, "").split(/[?/]/, 1)[0] === name;
}

/** Goes there; the back button comes back. */
export function go(to: Partial<Route> & Pick<Route, "page">): void {
  location.hash = formatRoute(to);
}

/** Sets filters of the page that is shown; "" takes one away. */
export function setQuery(query: Readonly<Record<string, string>>): void {
  go({ ...current.value, query: { ...current.value.query, ...query } });
}
