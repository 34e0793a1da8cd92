// Places of events in the chains, newest first. Whoever is told of one has its entry read, and judged once more.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { HexId, Shard, UnixMs } from "../store/entity.ts";
import type { OpenFile } from "./follower.ts";
import { newest, prepareStream, type Row, type RowStream } from "./newest.ts";
import { firstPlace, LAST_PLACE } from "./row-place.ts";

/** All that is given must hold; "" is not given. */
export interface EventFilter {
  /** undefined: all, and what belongs to none. */
  readonly tenantId: HexId | undefined;
  /** Exactly this, or with a trailing dot all that begin so. */
  readonly event: string;
  readonly actor: string;
  readonly subject: string;
  /** In event, actor, subject or reason, in capitals or not. */
  readonly text: string;
  readonly from: UnixMs | undefined;
  /** Exclusive. */
  readonly below: UnixMs | undefined;
}

/** An event that was looked at. What does not fit is told too, so that a caller can stop anywhere. */
export interface LookedAt {
  readonly place: bigint;
  readonly shard: Shard;
  readonly seq: number;
  readonly nth: number;
  readonly fits: boolean;
}

type Index = Pick<OpenFile, "db" | "writer">;

/** Those before `after`, which was looked at before; undefined: from the newest on. */
export async function* findEvents(
  index: Index,
  filter: EventFilter,
  after: bigint | undefined,
): AsyncGenerator<LookedAt, void> {
  const known = await wordsOf(index, filter);
  if (known === undefined) return;
  const below = after ?? (filter.below === undefined ? LAST_PLACE : firstPlace(filter.below));
  const span = { below, from: filter.from === undefined ? -LAST_PLACE : firstPlace(filter.from) };
  for await (const row of newest(streamsOf(index, known), span)) {
    yield {
      ...{ place: row["place"] as bigint, shard: Number(row["shard"]), seq: Number(row["seq"]) },
      ...{ nth: Number(row["nth"]), fits: fits(row, known) },
    };
  }
}

/** A filter in numbers of words. undefined: not given. */
interface KnownFilter {
  readonly tenant: number | undefined;
  readonly names: ReadonlySet<number> | undefined;
  readonly actor: number | undefined;
  readonly subject: number | undefined;
  readonly texts: ReadonlySet<number> | undefined;
}

/** undefined: nothing has what is asked for. */
async function wordsOf(index: Index, filter: EventFilter): Promise<KnownFilter | undefined> {
  const { words } = index.writer;
  const { tenantId, event, actor, subject, text } = filter;
  const [tenant, by, about] = [
    tenantId === undefined ? undefined : words.find(tenantId),
    actor === "" ? undefined : words.find(actor),
    subject === "" ? undefined : words.find(subject),
  ];
  if ((tenantId !== undefined && tenant === undefined) || (actor !== "" && by === undefined)) return undefined;
  if (subject !== "" && about === undefined) return undefined;
  const names = event === "" ? undefined : namesOf(index, event);
  const texts = text === "" ? undefined : await containing(index, text);
  if (names?.size === 0 || texts?.size === 0) return undefined;
  return { tenant, names, actor: by, subject: about, texts };
}

function namesOf({ db, writer }: Index, event: string): ReadonlySet<number> {
  if (!event.endsWith(".")) return new Set([writer.words.find(event)].filter((id) => id !== undefined));
  const rows = db.prepare("SELECT id FROM word WHERE text >= ? AND text < ?").all(event, `${event.slice(0, -1)}/`);
  return new Set(rows.map((row) => Number(row["id"])));
}

const WORDS_AT_ONCE = 10_000;

async function containing({ db }: Index, text: string): Promise<ReadonlySet<number>> {
  const last = Number(db.prepare("SELECT max(id) AS id FROM word").get()?.["id"] ?? 0);
  // As one text: a row for each would take longer than finding them.
  const statement = db.prepare(
    "SELECT json_group_array(id) AS ids FROM word WHERE id > ? AND id <= ? AND text LIKE ? ESCAPE '!'",
  );
  const pattern = `%${text.replaceAll(/[!%_]/g, "!$&")}%`;
  const found = new Set<number>();
  for (let from = 0; from < last; from += WORDS_AT_ONCE) {
    const ids = JSON.parse(String(statement.get(from, from + WORDS_AT_ONCE, pattern)?.["ids"])) as number[];
    for (const id of ids) found.add(id);
    await nextTurn();
  }
  return found;
}

/** More streams than this are slower than looking through all in order of time. */
const MOST_STREAMS = 1024;

const COLUMNS = "place, shard, seq, nth, tenant, name, actor, subject, reason";

interface Streams {
  readonly index: string;
  readonly within: string;
  readonly params: readonly (readonly number[])[];
}

/** The way that leads through the fewest events. */
function streamsOf({ db }: Index, known: KnownFilter): RowStream[] {
  const { tenant } = known;
  const ways = waysOf(known, tenant === undefined ? tenantsIn(db) : [tenant]);
  const counted =
    ways.length < 2 ? ways.map((way) => ({ way, n: 0 })) : ways.map((way) => ({ way, n: count(db, way) }));
  const few = counted.toSorted((one, other) => one.n - other.n)[0]?.way;
  if (few !== undefined) return few.flatMap((streams) => open(db, streams));
  if (tenant !== undefined)
    return open(db, { index: "INDEXED BY event_tenant", within: "tenant = ?", params: [[tenant]] });
  return open(db, { index: "NOT INDEXED", within: "TRUE", params: [[]] });
}

function having(column: "actor" | "subject" | "reason", ids: Iterable<number>): Streams {
  return { index: `INDEXED BY event_${column}`, within: `${column} = ?`, params: [...ids].map((id) => [id]) };
}

/** Each finds all that is wanted, and more. */
function waysOf({ names, actor, subject, texts }: KnownFilter, tenants: readonly number[]): Streams[][] {
  const named = (ids: Iterable<number>): Streams => ({
    ...{ index: "INDEXED BY event_name", within: "tenant = ? AND name = ?" },
    params: [...ids].flatMap((id) => tenants.map((one) => [one, id])),
  });
  const ways: Streams[][] = [];
  if (subject !== undefined) ways.push([having("subject", [subject])]);
  if (actor !== undefined) ways.push([having("actor", [actor])]);
  if (names !== undefined) ways.push([named(names)]);
  if (texts !== undefined)
    ways.push([named(texts), having("actor", texts), having("subject", texts), having("reason", texts)]);
  return ways.filter((way) => way.reduce((sum, { params }) => sum + params.length, 0) <= MOST_STREAMS);
}

function open(db: OpenFile["db"], { index, within, params }: Streams): RowStream[] {
  const statements = prepareStream(db, {
    columns: COLUMNS,
    indexed: `event ${index}`,
    within,
    rest: "",
    ordered: true,
  });
  return params.map((one) => ({ statements, params: one, rest: [] }));
}

/** More need not be told apart. */
const MOST_COUNTED = 5000;

function count(db: OpenFile["db"], way: readonly Streams[]): number {
  let n = 0;
  for (const { index, within, params } of way) {
    const counted = db.prepare(`SELECT count(*) AS n FROM (SELECT 1 FROM event ${index} WHERE ${within} LIMIT ?)`);
    for (const one of params) {
      n += Number(counted.get(...one, MOST_COUNTED - n)?.["n"]);
      if (n >= MOST_COUNTED) return n;
    }
  }
  return n;
}

/** Jumps from one to the next. */
function tenantsIn(db: OpenFile["db"]): number[] {
  const next = db.prepare("SELECT min(tenant) AS tenant FROM event WHERE tenant > ?");
  const tenants: number[] = [];
  for (;;) {
    const tenant = next.get(tenants.at(-1) ?? -1)?.["tenant"];
    if (typeof tenant !== "number") return tenants;
    tenants.push(tenant);
  }
}

function fits(row: Row, { tenant, names, actor, subject, texts }: KnownFilter): boolean {
  const is = (column: string): number => Number(row[column]);
  return (
    (tenant === undefined || is("tenant") === tenant) &&
    (names === undefined || names.has(is("name"))) &&
    (actor === undefined || is("actor") === actor) &&
    (subject === undefined || is("subject") === subject) &&
    (texts === undefined || ["name", "actor", "subject", "reason"].some((column) => texts.has(is(column))))
  );
}
