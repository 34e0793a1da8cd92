// Messages of transactions that are not over, those first whose time is up first.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { HexId, UnixMs } from "../store/entity.ts";
import type { OpenFile } from "./follower.ts";
import type { Row } from "./newest.ts";
import { isOver, NOW } from "./tally.ts";

export interface DeliveryFilter {
  readonly tenantId: HexId;
  /** Names. Empty: all. */
  readonly states: readonly string[];
  /** "": any. */
  readonly platform: string;
}

/** Where a message stands among them. */
export interface DeliveryPlace {
  readonly until: UnixMs;
  readonly deliveryId: HexId;
}

export interface FoundDelivery extends DeliveryPlace {
  readonly txId: HexId;
}

const CHUNK = 500;

/** Those behind `after`. */
export async function* findDeliveries(
  file: Pick<OpenFile, "db" | "writer">,
  filter: DeliveryFilter,
  after: DeliveryPlace,
): AsyncGenerator<FoundDelivery, void> {
  const tenant = file.writer.words.find(filter.tenantId);
  if (tenant === undefined) return;
  const open = openStates(file, tenant);
  if (open.reduce((sum, { n }) => sum + n, 0) > MOST_OPEN) return yield* amongAll(file, filter, tenant, after);
  const rows = open.flatMap(({ state }) => ofOpen(file, tenant, state, after));
  for (const row of rows.toSorted(byPlace)) if (fits(row, filter)) yield found(row);
}

/** Transactions whose messages are sorted at once: some five milliseconds. */
const MOST_OPEN = 1000;

interface OpenState {
  readonly state: string;
  readonly n: number;
}

function openStates({ db }: Pick<OpenFile, "db">, tenant: number): OpenState[] {
  const rows = db.prepare("SELECT what, n FROM tally WHERE tenant = ? AND minute = ?").all(tenant, NOW);
  return rows.flatMap(({ what, n }) => {
    const state = /^open\.(.+)$/.exec(String(what))?.[1];
    return state === undefined ? [] : [{ state, n: Number(n) }];
  });
}

const COLUMNS = "delivery.id, delivery.tx, delivery.until, delivery.state, delivery.platform, tx.state AS of";

function ofOpen({ db }: Pick<OpenFile, "db">, tenant: number, state: string, after: DeliveryPlace): Row[] {
  const statement = db.prepare(
    `SELECT ${COLUMNS} FROM tx INDEXED BY tx_state CROSS JOIN delivery INDEXED BY delivery_tx ON delivery.tx = tx.id
      WHERE tx.tenant = ? AND tx.state = ? AND delivery.tenant = tx.tenant AND (delivery.until, delivery.id) > (?, ?)`,
  );
  return statement.all(tenant, state, after.until, after.deliveryId);
}

function byPlace(one: Row, other: Row): number {
  const [a, b] = [found(one), found(other)];
  return a.until - b.until || (a.deliveryId < b.deliveryId ? -1 : 1);
}

/** Where many are open, a page is full soon. */
async function* amongAll(
  { db }: Pick<OpenFile, "db">,
  filter: DeliveryFilter,
  tenant: number,
  after: DeliveryPlace,
): AsyncGenerator<FoundDelivery, void> {
  const isFailed = filter.states.length > 0 && filter.states.every((state) => state === "FAILED");
  const statement = db.prepare(
    `SELECT ${COLUMNS} FROM delivery INDEXED BY ${isFailed ? "delivery_failed" : "delivery_until"}
      JOIN tx ON tx.id = delivery.tx
      WHERE delivery.tenant = ? AND (delivery.until, delivery.id) > (?, ?) ${isFailed ? "AND delivery.state = 'FAILED'" : ""}
      ORDER BY delivery.until, delivery.id LIMIT ?`,
  );
  for (let last = after; ;) {
    const rows = statement.all(tenant, last.until, last.deliveryId, CHUNK);
    for (const row of rows) if (fits(row, filter)) yield found(row);
    const end = rows.at(-1);
    if (end === undefined || rows.length < CHUNK) return;
    last = found(end);
    await nextTurn();
  }
}

function fits(row: Row, { states, platform }: DeliveryFilter): boolean {
  return (
    !isOver(String(row["of"])) &&
    (states.length === 0 || states.includes(String(row["state"]))) &&
    (platform === "" || row["platform"] === platform)
  );
}

function found(row: Row): FoundDelivery {
  return { until: Number(row["until"]), deliveryId: String(row["id"]), txId: String(row["tx"]) };
}
