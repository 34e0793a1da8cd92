import { refused } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { tableLines, type Column } from "../output/table.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { messageJson, type MessageType } from "./message-json.ts";

/** Options of every list. */
export interface ListOptions {
  readonly limit?: string;
  readonly all?: boolean;
}

/** One page of a list, as every List RPC asks and answers. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextPageToken: string;
}
export interface PageWanted {
  readonly pageSize: number;
  readonly pageToken: string;
}

const DEFAULT_LIMIT = 20;
const LARGEST_PAGE = 100;

/** Rows until the limit, or all. A page may be short, or empty, while there is a next one. */
export async function* listed<T>(
  ask: (page: PageWanted) => Promise<Page<T>>,
  limit: number,
): AsyncGenerator<readonly T[], { readonly more: boolean }> {
  let pageToken = "";
  for (let left = limit; left > 0;) {
    const { items, nextPageToken } = await ask({ pageSize: Math.min(left, LARGEST_PAGE), pageToken });
    // A core may answer more than was asked for, where what belongs together is told together.
    yield items;
    left -= items.length;
    pageToken = nextPageToken;
    if (nextPageToken === "") return { more: false };
  }
  return { more: true };
}

/** Every row there is. */
export async function every<T>(ask: (page: PageWanted) => Promise<Page<T>>): Promise<T[]> {
  const rows: T[] = [];
  for await (const page of listed(ask, Number.POSITIVE_INFINITY)) rows.push(...page);
  return rows;
}

/** 20 unless told otherwise. Throws a CliError for what is no number, or together with `--all`. */
export function limitOf({ limit, all = false }: ListOptions): number {
  if (limit === undefined) return all ? Number.POSITIVE_INFINITY : DEFAULT_LIMIT;
  if (all) throw refused("--all, --limit: one of the two");
  const count = /^\d{1,7}$/.test(limit) ? Number(limit) : 0;
  if (count < 1) throw refused("--limit: expected a number, 1 or more; or --all");
  return count;
}

/** Tells a list: NDJSON with --json, one object a row; else a table. That there is more stands on stderr. */
export async function tellList<T extends object>(
  { given }: Pick<AdminGiven, "given">,
  options: ListOptions,
  list: {
    readonly ask: (page: PageWanted) => Promise<Page<T>>;
    readonly columns: readonly Column<T>[];
    readonly type: MessageType<T>;
  },
): Promise<ExitCode> {
  const { terminal } = given;
  const rows: T[] = [];
  const pages = listed(list.ask, limitOf(options));
  for (let page = await pages.next(); ; page = await pages.next()) {
    if (page.done === true) {
      for (const line of tableLines(list.columns, rows, terminal)) terminal.result(line);
      if (rows.length === 0) terminal.progress("none");
      if (page.value.more) terminal.progress("There are more: --all, or a larger --limit.");
      return ExitCode.DONE;
    }
    rows.push(...page.value);
    for (const row of page.value) terminal.record(messageJson(list.type, row));
  }
}
