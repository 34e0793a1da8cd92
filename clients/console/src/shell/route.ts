/** The pages, as they stand in the address after `#/`. */
export const PAGES = [
  "overview",
  "channels",
  "deliveries",
  "transactions",
  "users",
  "policy",
  "webhooks",
  "changes",
  "administrators",
  "audit",
  "me",
] as const;
export type PageName = (typeof PAGES)[number];

/** What an address names: a page, what of it (an id, or nothing), and its filters. */
export interface Route {
  readonly page: PageName;
  /** What stands behind the page's name, such as the id of a transaction; "": nothing. */
  readonly rest: string;
  /** Filters, each once. */
  readonly query: Readonly<Record<string, string>>;
}

/** Reads `#/transactions/3f…?state=PENDING`. Whatever names no page is the overview. */
export function parseRoute(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [first = "", ...others] = path.split("/");
  const page = PAGES.find((name) => name === first) ?? "overview";
  return { page, rest: others.map(decoded).join("/"), query: Object.fromEntries(new URLSearchParams(search)) };
}

/** The address of a route. Empty filters are left out. */
export function formatRoute({ page, rest = "", query = {} }: Partial<Route> & Pick<Route, "page">): string {
  const filled = Object.entries(query).filter(([, value]) => value !== "");
  const search = new URLSearchParams(filled).toString();
  const tail = rest === "" ? "" : `/${encodeURIComponent(rest)}`;
  return `#/${page}${tail}${search === "" ? "" : `?${search}`}`;
}

// The address is anybody's: what is not well formed stands as it is.
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
