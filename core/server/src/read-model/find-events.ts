// Places of events in the chains, newest first. Whoever is told of one has its entry read, and judged once more.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { HexId, Shard, UnixMs } from "../store/entity.ts";
import type { OpenFile } from "./follower.ts";
import { newest, type Row, type RowStream } from "./newest.ts";
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
  const wanted = text.toLowerCase();
  const last = Number(db.prepare("SELECT max(id) AS id FROM word").get()?.["id"] ?? 0);
  const statement = db.prepare("SELECT id FROM word WHERE id > ? AND id <= ? AND instr(lower(text), ?) > 0");
  const found = new Set<number>();
  for (let from = 0; from < last; from += WORDS_AT_ONCE) {
    for (const row of statement.all(from, from + WORDS_AT_ONCE, wanted)) found.add(Number(row["id"]));
    await nextTurn();
  }
  return found;
}

/** More streams than this are slower than looking through all in order of time. */
const MOST_STREAMS = 64;

/** The narrowest index that the filter allows. */
function streamsOf({ db }: Index, { tenant, names, actor, subject, texts }: KnownFilter): RowStream[] {
  const stream = (from: string, condition: string, ...params: number[]): RowStream => {
    const statement = db.prepare(
      `SELECT place, shard, seq, nth, tenant, name, actor, subject, reason FROM event ${from}
        WHERE ${condition} AND place < ? AND place >= ? ORDER BY place DESC LIMIT ?`,
    );
    statement.setReadBigInts(true);
    return { statement, params };
  };
  if (subject !== undefined) return [stream("INDEXED BY event_subject", "subject = ?", subject)];
  if (actor !== undefined) return [stream("INDEXED BY event_actor", "actor = ?", actor)];
  const tenants = tenant === undefined ? tenantsIn(db) : [tenant];
  const named = (name: number): RowStream[] =>
    tenants.map((one) => stream("INDEXED BY event_name", "tenant = ? AND name = ?", one, name));
  if (names !== undefined && names.size * tenants.length <= MOST_STREAMS) return [...names].flatMap(named);
  if (texts !== undefined && texts.size * (tenants.length + 3) <= MOST_STREAMS) {
    return [...texts].flatMap((word) => [
      ...named(word),
      ...["actor", "subject", "reason"].map((column) => stream(`INDEXED BY event_${column}`, `${column} = ?`, word)),
    ]);
  }
  if (tenant !== undefined) return [stream("INDEXED BY event_tenant", "tenant = ?", tenant)];
  return [stream("NOT INDEXED", "TRUE")];
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
