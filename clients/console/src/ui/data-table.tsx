import { t } from "@countersign/pages";
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { FailureNote } from "./failure-note.tsx";
import { type Loaded, useLoad } from "./use-load.ts";
import { useLookAgain } from "./use-look-again.ts";

/** A column of a table. */
export interface Column<Row> {
  readonly id: string;
  readonly header: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Its cells say which row it is: read before the others of the row. */
  readonly isHeader?: boolean;
}

/** What a list RPC answers. */
export interface Rows<Row> {
  readonly rows: readonly Row[];
  /** "": the last page. */
  readonly nextPageToken: string;
}

interface DataTableProps<Row> {
  /** What the rows are; the table is read by this name. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rowKey: (row: Row) => string;
  readonly load: (pageToken: string, signal: AbortSignal) => Promise<Rows<Row>>;
  /** All that the list depends on, such as tenant and filters: another one begins at the first page. */
  readonly of: string;
  /** Said where there is no row. */
  readonly empty: string;
  /** Asked anew when it changes, on the page that is shown; its rows stay until they have come. */
  readonly version?: number;
  /** Asked anew by itself this often, in milliseconds, while the page is looked at; absent: never. */
  readonly everyMs?: number;
}

/**
 * Rows of a list RPC, page by page, in the core's order. On a narrow screen each row becomes a block, and every cell tells
 * its column.
 */
export function DataTable<Row>(props: DataTableProps<Row>): JSX.Element {
  // Anew for every list: its pages are no other's.
  return <PagedTable key={props.of} {...props} />;
}

function PagedTable<Row>(props: DataTableProps<Row>): JSX.Element {
  const { caption, columns, rowKey, load, of, empty, version = 0, everyMs } = props;
  const [tokens, setTokens] = useState<readonly string[]>([""]);
  const at = tokens.at(-1) ?? "";
  const loaded = useLoad((signal) => load(at, signal), JSON.stringify([of, at]), version);
  const { value, failure, loading, reload } = loaded;
  useLookAgain(reload, everyMs, loading);
  const next = value?.nextPageToken ?? "";
  return (
    <section class="table-section" aria-busy={loading}>
      {failure !== undefined && <FailureNote failure={failure} onRetry={reload} />}
      <Body {...{ caption, columns, rowKey, empty, loaded, isLast: next === "" }} />
      {(tokens.length > 1 || next !== "") && (
        <nav class="pager" aria-label={t("pages-of", { caption })}>
          <button
            type="button"
            class="secondary"
            disabled={tokens.length === 1}
            onClick={() => setTokens(tokens.slice(0, -1))}
          >
            {t("previous")}
          </button>
          <span>{t("page-number", { number: tokens.length })}</span>
          <button type="button" class="secondary" disabled={next === ""} onClick={() => setTokens([...tokens, next])}>
            {t("next")}
          </button>
        </nav>
      )}
    </section>
  );
}

interface BodyProps<Row> {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rowKey: (row: Row) => string;
  readonly empty: string;
  readonly loaded: Loaded<Rows<Row>>;
  readonly isLast: boolean;
}

// Roles are named because a table that is laid out as blocks is none to some browsers.
function Body<Row>({ caption, columns, rowKey, empty, loaded, isLast }: BodyProps<Row>): JSX.Element {
  const { value, failure } = loaded;
  if (value === undefined) return failure === undefined ? <p aria-busy="true">{t("loading")}</p> : <></>;
  if (value.rows.length === 0) return <p class="note">{isLast ? empty : t("page-empty")}</p>;
  return (
    <table role="table" class="data">
      <caption>{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ id, header }) => (
            <th key={id} role="columnheader" scope="col">
              {header}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {value.rows.map((row) => (
          <tr key={rowKey(row)} role="row">
            {columns.map((column) => (
              <Cell key={column.id} column={column} row={row} />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Cell<Row>({ column, row }: { column: Column<Row>; row: Row }): JSX.Element {
  const content = (
    <>
      <span class="cell-name" aria-hidden="true">
        {column.header}
      </span>
      <span class="cell-value">{column.cell(row)}</span>
    </>
  );
  if (column.isHeader === true) {
    return (
      <th role="rowheader" scope="row">
        {content}
      </th>
    );
  }
  return <td role="cell">{content}</td>;
}
