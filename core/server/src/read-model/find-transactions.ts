// Ids of transactions, newest first. Whoever is told of one has it loaded, and judged by the same filter once more.
import type { HexId, UnixMs } from "../store/entity.ts";
import { all, newest, prepareStream, type Condition, type RowStream } from "./newest.ts";
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
  for await (const row of newest(streamsOf(db, filter, tenant), span)) {
    yield { place: row["place"] as bigint, txId: String(row["id"]) };
  }
}

type Asked = "tenant" | "userId" | "tag" | "txIdPrefix" | "userIdPrefix" | "states" | "kinds";
type Conditions = ReadonlyMap<Asked, Condition>;

/** What an index finds, and of what is asked for it answers. */
interface Way {
  readonly index: string;
  readonly answers: readonly Asked[];
  /** Read side by side. */
  readonly within: readonly Condition[];
  /** Each of them is in order of time. */
  readonly ordered: boolean;
}

function streamsOf(db: OpenFile["db"], filter: TransactionFilter, tenant: number): RowStream[] {
  const conditions = conditionsOf(filter, tenant);
  const ways = waysOf(filter, conditions);
  const way = ways.find(
    ({ index, ordered, within: [one] }) => ordered || (one !== undefined && areFew(db, index, one)),
  );
  if (way === undefined) return [];
  const { index, answers, within, ordered } = way;
  const rest = all([...conditions].filter(([asked]) => !answers.includes(asked)).map(([, condition]) => condition));
  const sql = { columns: "place, id", indexed: `tx INDEXED BY ${index}`, rest: rest.sql, ordered };
  return within.map((one) => ({
    statements: prepareStream(db, { ...sql, within: one.sql }),
    params: one.params,
    rest: rest.params,
  }));
}

/** All that are given, each as a row is asked. */
function conditionsOf(
  { userId, userIdPrefix, txIdPrefix, states, kinds, tag }: TransactionFilter,
  tenant: number,
): Conditions {
  const conditions = new Map<Asked, Condition>([["tenant", is("tenant", tenant)]]);
  if (userId !== undefined) conditions.set("userId", is("user", userId));
  if (tag !== undefined) conditions.set("tag", is("tag", tag));
  if (txIdPrefix !== "") conditions.set("txIdPrefix", between("id", txIdPrefix, `${txIdPrefix}g`));
  if (userIdPrefix !== "") conditions.set("userIdPrefix", between("user", userIdPrefix, `${userIdPrefix}\u{10ffff}`));
  if (states.length > 0) conditions.set("states", oneOf("state", states));
  if (kinds.length > 0) conditions.set("kinds", oneOf("kind", kinds));
  return conditions;
}

function is(column: string, value: string | number): Condition {
  return { sql: `${column} = ?`, params: [value] };
}

function between(column: string, from: string, below: string): Condition {
  return { sql: `${column} >= ? AND ${column} < ?`, params: [from, below] };
}

function oneOf(column: string, values: readonly (string | number)[]): Condition {
  return { sql: `${column} IN (${values.map(() => "?").join()})`, params: values };
}

/** Those that find least first; the last one finds everything. */
function waysOf({ states, kinds }: TransactionFilter, conditions: Conditions): Way[] {
  const way = (index: string, answers: readonly Asked[], ordered: boolean): Way[] => {
    const within = answers.flatMap((asked) => conditions.get(asked) ?? []);
    return within.length < answers.length ? [] : [{ index, answers, within: [all(within)], ordered }];
  };
  const each = (index: string, answers: Asked, column: string, values: readonly (string | number)[]): Way[] => {
    const within = [...new Set(values)].map((value) => all([conditions.get("tenant")!, is(column, value)]));
    return within.length === 0 ? [] : [{ index, answers: ["tenant", answers], within, ordered: true }];
  };
  return [
    ...way("tx_user", ["tenant", "userId"], true),
    ...way("tx_tag", ["tenant", "tag"], true),
    ...way("sqlite_autoindex_tx_1", ["txIdPrefix"], false),
    ...way("tx_user", ["tenant", "userIdPrefix"], false),
    ...each("tx_state", "states", "state", states),
    ...each("tx_kind", "kinds", "kind", kinds),
    ...way("tx_tenant", ["tenant"], true),
  ];
}

/** Rows that are sorted at once: some two milliseconds. */
const MOST_SORTED = 2000;

function areFew(db: OpenFile["db"], index: string, { sql, params }: Condition): boolean {
  const counted = db.prepare(
    `SELECT count(*) AS n FROM (SELECT 1 FROM tx INDEXED BY ${index} WHERE ${sql} LIMIT ${MOST_SORTED + 1})`,
  );
  return Number(counted.get(...params)?.["n"]) <= MOST_SORTED;
}
