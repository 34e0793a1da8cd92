// Few open transactions are looked at by themselves, among many all messages are: both find the same.
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { findDeliveries, type DeliveryFilter, type DeliveryPlace } from "./find-deliveries.ts";
import { openIndex, type IndexFile } from "./index-file.ts";
import { SliceWriter } from "./write-slice.ts";
import { NOW } from "./tally.ts";

const [TENANT, OTHER] = ["1".repeat(32), "2".repeat(32)] as const;
const STATES = ["SENT", "FAILED", "QUEUED"];
const START: DeliveryPlace = { until: 0, deliveryId: "" };

interface Held {
  readonly id: string;
  readonly tenant: string;
  readonly tx: string;
  readonly of: string;
  readonly state: string;
  readonly platform: string;
  readonly until: number;
}

let file: IndexFile & { readonly writer: SliceWriter };
beforeEach(() => {
  const opened = openIndex({ path: undefined, serverId: "f".repeat(32) });
  file = { ...opened, writer: new SliceWriter(opened) };
});
afterEach(() => file.close());

/** Two messages of each transaction; every `every`th is open. Several are over at one moment. */
function fill(count: number, every: number): Held[] {
  const held = Array.from({ length: count * 2 }, (_, i): Held => {
    const n = Math.floor(i / 2);
    return {
      ...{ id: String((i * 7919) % 10_007).padStart(32, "0"), tx: String(n).padStart(32, "0") },
      ...{
        tenant: n % 4 === 3 ? OTHER : TENANT,
        of: n % every === 0 ? (n % 2 === 0 ? "PENDING" : "CONFIRMED") : "EXECUTED",
      },
      ...{
        state: STATES[i % 3] ?? "",
        platform: i % 2 === 0 ? "telegram" : "matrix",
        until: 1000 + Math.floor(i / 10),
      },
    };
  });
  const { sql, writer } = file;
  sql.begin.run();
  for (const { id, tenant, tx, of, state, platform, until } of held) {
    const whose = writer.words.numberOf(tenant);
    if (sql.tx.get(tx) === undefined) {
      sql.putTx.run(BigInt(tx), tx, whose, "ann", 1, "TAG", of, null, null, null);
      if (of !== "EXECUTED") sql.count.run(whose, NOW, `open.${of}`, 1);
    }
    sql.putDelivery.run(id, whose, tx, platform, state, until, null, null);
  }
  sql.commit.run();
  return held;
}

async function ids(filter: Partial<DeliveryFilter>, after: DeliveryPlace): Promise<string[]> {
  const found: string[] = [];
  for await (const { deliveryId } of findDeliveries(
    file,
    { tenantId: TENANT, states: [], platform: "", ...filter },
    after,
  ))
    found.push(deliveryId);
  return found;
}

test.each([
  ["few open ones", 3000, 20],
  ["many open ones", 3000, 2],
])("%s: those whose time is up first, from the beginning and from the middle on", async (_what, count, every) => {
  const held = fill(count, every);
  for (const { states = [], platform = "" } of [
    {},
    { states: ["FAILED"] },
    { platform: "matrix", states: ["QUEUED", "SENT"] },
  ]) {
    const wanted = held
      .filter((one) => one.tenant === TENANT && one.of !== "EXECUTED")
      .filter(
        (one) => (states.length === 0 || states.includes(one.state)) && (platform === "" || one.platform === platform),
      )
      .toSorted((one, other) => one.until - other.until || (one.id < other.id ? -1 : 1));
    expect(wanted.length).toBeGreaterThan(10);
    expect(await ids({ states, platform }, START)).toEqual(wanted.map(({ id }) => id));
    const middle = Math.floor(wanted.length / 2);
    const { until = 0, id = "" } = wanted[middle] ?? {};
    expect(await ids({ states, platform }, { until, deliveryId: id })).toEqual(
      wanted.slice(middle + 1).map((one) => one.id),
    );
  }
});
