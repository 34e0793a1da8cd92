// Ids of transactions, newest first. Whoever is told of one has it loaded, and judged by the same filter once more.
import type { HexId, UnixMs } from "../store/entity.ts";
import { newest, type Row, type RowStream } from "./newest.ts";
import type { OpenFile } from "./follower.ts";
import { firstPlace, LAST_PLACE } from "./row-place.ts";

/** All that is given must hold; of a list one. */
export interface TransactionFilter {
  readonly tenantId: HexId;
  readonly userId: string | undefined;
  readonly userIdPrefix: string;
  readonly txIdPrefix: string;
  /** Names. Empty: all. */
  readonly states: readonly string[];
  /** Empty: all. */
  readonly kinds: readonly number[];
  readonly tag: string | undefined;
  readonly from: UnixMs | undefined;
  /** Exclusive. */
  readonly below: UnixMs | undefined;
}

export function everyTransaction(tenantId: HexId): TransactionFilter {
  return {
    ...{ tenantId, userId: undefined, userIdPrefix: "", txIdPrefix: "", states: [], kinds: [], tag: undefined },
    ...{ from: undefined, below: undefined },
  };
}

export interface FoundTransaction {
  readonly place: bigint;
  readonly txId: HexId;
}

/** Those before `after`, which was found before; undefined: from the newest on. */
export async function* findTransactions(
  { db, writer }: Pick<OpenFile, "db" | "writer">,
  filter: TransactionFilter,
  after: bigint | undefined,
): AsyncGenerator<FoundTransaction, void> {
  const tenant = writer.words.find(filter.tenantId);
  if (tenant === undefined) return;
  const below = after ?? (filter.below === undefined ? LAST_PLACE : firstPlace(filter.below));
  const span = { below, from: filter.from === undefined ? -LAST_PLACE : firstPlace(filter.from) };
  const narrow = narrowStream(db, filter, tenant);
  let seen = 0;
  for await (const row of newest(broadStreams(db, filter, tenant), span)) {
    if (fits(row, filter)) yield found(row);
    seen += 1;
    if (narrow === undefined || seen < LOOKED_THROUGH) continue;
    // Few have this beginning: they are sorted out of an index that is not in order of time.
    const rest = { ...span, below: row["place"] as bigint };
    for await (const other of newest([narrow], rest)) if (fits(other, filter)) yield found(other);
    return;
  }
}

/** Rows that are looked through in order of time: where many fit, a page is full by then. */
const LOOKED_THROUGH = 2000;

function found(row: Row): FoundTransaction {
  return { place: row["place"] as bigint, txId: String(row["id"]) };
}

/** In order of time by themselves. */
function broadStreams(db: OpenFile["db"], { userId, states, tag }: TransactionFilter, tenant: number): RowStream[] {
  if (userId !== undefined) return [streamOf(db, "tx_user", "tenant = ? AND user = ?", tenant, userId)];
  if (tag !== undefined) return [streamOf(db, "tx_tag", "tenant = ? AND tag = ?", tenant, tag)];
  if (states.length === 0) return [streamOf(db, "tx_tenant", "tenant = ?", tenant)];
  return [...new Set(states)].map((state) => streamOf(db, "tx_state", "tenant = ? AND state = ?", tenant, state));
}

function narrowStream(
  db: OpenFile["db"],
  { userId, userIdPrefix, txIdPrefix }: TransactionFilter,
  tenant: number,
): RowStream | undefined {
  if (txIdPrefix !== "") {
    const condition = "tenant = ? AND id >= ? AND id < ?";
    return streamOf(db, "sqlite_autoindex_tx_1", condition, tenant, txIdPrefix, `${txIdPrefix}g`);
  }
  if (userIdPrefix === "" || userId !== undefined) return undefined;
  const condition = "tenant = ? AND user >= ? AND user < ?";
  return streamOf(db, "tx_user", condition, tenant, userIdPrefix, `${userIdPrefix}\u{10ffff}`);
}

function streamOf(db: OpenFile["db"], index: string, condition: string, ...params: (string | number)[]): RowStream {
  const statement = db.prepare(
    `SELECT place, id, user, kind, tag, state FROM tx INDEXED BY ${index}
      WHERE ${condition} AND place < ? AND place >= ? ORDER BY place DESC LIMIT ?`,
  );
  statement.setReadBigInts(true);
  return { statement, params };
}

function fits(row: Row, { userId, userIdPrefix, txIdPrefix, states, kinds, tag }: TransactionFilter): boolean {
  return (
    (userId === undefined || row["user"] === userId) &&
    String(row["user"]).startsWith(userIdPrefix) &&
    String(row["id"]).startsWith(txIdPrefix) &&
    (states.length === 0 || states.includes(String(row["state"]))) &&
    (kinds.length === 0 || kinds.includes(Number(row["kind"]))) &&
    (tag === undefined || row["tag"] === tag)
  );
}
