// Pages of a list: an opaque token names where the last one ended, and binds the filters that it was asked with.
import { sha256, toHex, utf8 } from "@countersign/protocol";
import { badInput, isRefusal, type Refusal } from "../rpc/refusal.ts";

const DEFAULT_SIZE = 20;
const LARGEST_SIZE = 100;

export interface AskedPage {
  readonly pageSize: number;
  readonly pageToken: string;
}

/** Where a page begins, and how a token for the next one is written. */
export interface PageStart {
  readonly limit: number;
  /** What `tokenFor` was given; "": the first page. */
  readonly after: string;
  tokenFor(after: string): string;
}

/** `filters`: everything that the list was asked with but the page; another list's token is refused. */
export function readPage({ pageSize, pageToken }: AskedPage, filters: readonly unknown[]): PageStart | Refusal {
  if (pageSize > LARGEST_SIZE) return badInput("page_size", `must be at most ${LARGEST_SIZE}`);
  const bound = toHex(sha256(utf8(JSON.stringify(filters, plain)))).slice(0, 16);
  const limit = pageSize === 0 ? DEFAULT_SIZE : pageSize;
  const tokenFor = (after: string): string => Buffer.from(`a1.${bound}.${after}`).toString("base64url");
  if (pageToken === "") return { limit, after: "", tokenFor };
  const [, of, after] = /^a1\.([0-9a-f]{16})\.(.+)$/s.exec(Buffer.from(pageToken, "base64url").toString("utf8")) ?? [];
  if (after === undefined || (tokenFor(after) !== pageToken && of === bound))
    return badInput("page_token", "not a token of this list");
  return of === bound
    ? { limit, after, tokenFor }
    : badInput("page_token", "it belongs to other filters. Begin again without it.");
}

/** Where a page begins in a list that is in the order of a number; undefined: it is the first. A token is the caller's to write. */
export function numberAfter({ after }: PageStart): number | undefined | Refusal {
  if (after === "") return undefined;
  return /^\d{1,15}$/.test(after) ? Number(after) : badInput("page_token", "not a token of this list");
}

export interface PageOf<T> {
  readonly items: readonly T[];
  /** "" on the last page. */
  readonly nextPageToken: string;
}

/** A page of what is all at hand, in the order of a name that is unique. */
export function pageByName<T>(
  all: readonly T[],
  nameOf: (item: T) => string,
  asked: AskedPage,
  filters: readonly unknown[],
): PageOf<T> | Refusal {
  const start = readPage(asked, filters);
  if (isRefusal(start)) return start;
  const left = all
    .filter((item) => start.after === "" || nameOf(item) > start.after)
    .toSorted((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
  const items = left.slice(0, start.limit);
  const last = items.at(-1);
  const more = left.length > items.length && last !== undefined;
  return { items, nextPageToken: more ? start.tokenFor(nameOf(last)) : "" };
}

function plain(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
