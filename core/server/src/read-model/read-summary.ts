// What the overview shows, out of counts that are kept as rows come in: it costs the same for ten transactions and for millions.
import type { HexId, UnixMs } from "../store/entity.ts";
import type { OpenFile } from "./follower.ts";
import { hourOf, minuteOf, NOW } from "./tally.ts";

/** Counted in one minute, or in the hour that begins with it. */
export interface Counted {
  /** Minutes since 1970. */
  readonly start: number;
  /** By outcome: CONFIRMED, REJECTED … */
  readonly ended: ReadonlyMap<string, number>;
}

export interface Summary {
  readonly open: ReadonlyMap<string, number>;
  readonly minutes: readonly Counted[];
  readonly hours: readonly Counted[];
  /** How often each bucket of tally.ts was met. */
  readonly confirm: ReadonlyMap<number, number>;
  readonly sent: ReadonlyMap<string, ReadonlyMap<number, number>>;
  readonly failed: ReadonlyMap<string, number>;
  readonly deadLetters: number;
  readonly pendingChanges: number;
}

const MINUTES = 60;
const HOURS = 24;

/** `tenantId` undefined: all. */
export function readSummary(file: Pick<OpenFile, "db" | "writer">, tenantId: HexId | undefined, now: UnixMs): Summary {
  const tenant = tenantId === undefined ? undefined : file.writer.words.find(tenantId);
  const isEmpty = tenantId !== undefined && tenant === undefined;
  const firstHour = hourOf(now) - (HOURS - 1) * 60;
  const counts = isEmpty ? [] : countsSince(file, tenant, firstHour);
  const minutes = points(MINUTES, minuteOf(now) - MINUTES + 1, 1);
  const hours = points(HOURS, firstHour, 60);
  const [open, confirm, failed] = [new Map<string, number>(), new Map<number, number>(), new Map<string, number>()];
  const sent = new Map<string, Map<number, number>>();
  for (const { minute, what, n } of counts) {
    const [group = "", name = "", bucket = ""] = what.split(".");
    if (group === "open") add(open, name, n);
    if (group === "confirm") add(confirm, Number(name), n);
    if (group === "failed") add(failed, name, n);
    if (group === "sent") {
      const times = sent.get(name) ?? new Map<number, number>();
      sent.set(name, times);
      add(times, Number(bucket), n);
    }
    if (group !== "ended") continue;
    const [inMinute, inHour] = [minutes[minute - minutes[0]!.start], hours[Math.floor((minute - firstHour) / 60)]];
    for (const point of [inMinute, inHour]) if (point !== undefined) add(point.ended, name, n);
  }
  const rest = isEmpty ? { deadLetters: 0, pendingChanges: 0 } : standing(file, tenant, now);
  return { open, minutes, hours, confirm, sent, failed, ...rest };
}

interface CountRow {
  readonly minute: number;
  readonly what: string;
  readonly n: number;
}

function countsSince({ db }: Pick<OpenFile, "db">, tenant: number | undefined, from: number): CountRow[] {
  const tenants = tenant === undefined ? tenantsIn(db) : [tenant];
  const statement = db.prepare(
    `SELECT minute, what, n FROM tally WHERE tenant = ? AND minute = ?
      UNION ALL SELECT minute, what, n FROM tally WHERE tenant = ? AND minute >= ?`,
  );
  return tenants.flatMap((one) =>
    statement
      .all(one, NOW, one, from)
      .map((row) => ({ minute: Number(row["minute"]), what: String(row["what"]), n: Number(row["n"]) })),
  );
}

/** Jumps from one to the next: the table is large, and they are few. */
function tenantsIn(db: OpenFile["db"]): number[] {
  const next = db.prepare("SELECT min(tenant) AS tenant FROM tally WHERE tenant > ?");
  const tenants: number[] = [];
  for (;;) {
    const tenant = next.get(tenants.at(-1) ?? -1)?.["tenant"];
    if (typeof tenant !== "number") return tenants;
    tenants.push(tenant);
  }
}

function standing(
  { db }: Pick<OpenFile, "db">,
  tenant: number | undefined,
  now: UnixMs,
): Pick<Summary, "deadLetters" | "pendingChanges"> {
  const [whose, params] = tenant === undefined ? ["", []] : ["AND tenant = ?", [tenant]];
  const count = (sql: string): number => Number(db.prepare(`${sql} ${whose}`).get(now, ...params)?.["n"]);
  return {
    deadLetters: count("SELECT count(*) AS n FROM delivery WHERE state = 'FAILED' AND until >= ?"),
    pendingChanges: count("SELECT count(*) AS n FROM change WHERE state = 'REQUESTED' AND until > ?"),
  };
}

function points(
  count: number,
  first: number,
  step: number,
): { readonly start: number; readonly ended: Map<string, number> }[] {
  return Array.from({ length: count }, (_, i) => ({ start: first + i * step, ended: new Map<string, number>() }));
}

function add<K>(counts: Map<K, number>, key: K, n: number): void {
  counts.set(key, (counts.get(key) ?? 0) + n);
}
