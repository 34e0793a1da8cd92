// Messages of transactions that are not over, those first whose time is up first.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { HexId, UnixMs } from "../store/entity.ts";
import type { OpenFile } from "./follower.ts";
import { isOver } from "./tally.ts";

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
  { db, writer }: Pick<OpenFile, "db" | "writer">,
  { tenantId, states, platform }: DeliveryFilter,
  after: DeliveryPlace,
): AsyncGenerator<FoundDelivery, void> {
  const tenant = writer.words.find(tenantId);
  if (tenant === undefined) return;
  const isFailed = states.length > 0 && states.every((state) => state === "FAILED");
  const statement = db.prepare(
    `SELECT delivery.id, delivery.tx, delivery.until, delivery.state, delivery.platform, tx.state AS of
      FROM delivery INDEXED BY ${isFailed ? "delivery_failed" : "delivery_until"} JOIN tx ON tx.id = delivery.tx
      WHERE delivery.tenant = ? AND (delivery.until, delivery.id) > (?, ?) ${isFailed ? "AND delivery.state = 'FAILED'" : ""}
      ORDER BY delivery.until, delivery.id LIMIT ?`,
  );
  for (let last = after; ;) {
    const rows = statement.all(tenant, last.until, last.deliveryId, CHUNK);
    for (const row of rows) {
      const fits =
        !isOver(String(row["of"])) &&
        (states.length === 0 || states.includes(String(row["state"]))) &&
        (platform === "" || row["platform"] === platform);
      if (fits) yield { until: Number(row["until"]), deliveryId: String(row["id"]), txId: String(row["tx"]) };
    }
    const end = rows.at(-1);
    if (end === undefined || rows.length < CHUNK) return;
    last = { until: Number(end["until"]), deliveryId: String(end["id"]) };
    await nextTurn();
  }
}
