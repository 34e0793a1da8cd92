// Each filter finds by another index, and goes another way where much begins as it is asked for.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { everyTransaction, findTransactions, type TransactionFilter } from "./find-transactions.ts";
import { openIndex, type IndexFile } from "./index-file.ts";
import { firstPlace } from "./row-place.ts";
import { SliceWriter } from "./write-slice.ts";

const [TENANT, OTHER] = ["1".repeat(32), "2".repeat(32)] as const;
const COUNT = 6000;
const STATES = ["PENDING", "EXECUTED", "REJECTED"];

interface Held {
  readonly place: bigint;
  readonly id: string;
  readonly tenant: string;
  readonly user: string;
  readonly kind: number;
  readonly tag: string;
  readonly state: string;
  readonly at: number;
}

/** One a millisecond. */
const held: readonly Held[] = Array.from({ length: COUNT }, (_, i) => ({
  place: firstPlace(i) + 1n,
  id: `${i % 2 === 0 ? "aa" : "bb"}${String(i).padStart(30, "0")}`,
  tenant: i % 10 === 0 ? OTHER : TENANT,
  user: i % 3 === 0 ? `rare-${i}` : `many-${i % 50}`,
  kind: i % 1000 === 7 ? 3 : 1,
  tag: `TAG ${i % 700}`,
  state: STATES[i % 97 === 0 ? 2 : i % 2] ?? "",
  at: i,
}));

let file: IndexFile & { readonly writer: SliceWriter };

beforeAll(() => {
  const opened = openIndex({ path: undefined, serverId: "f".repeat(32) });
  file = { ...opened, writer: new SliceWriter(opened) };
  file.sql.begin.run();
  for (const { place, id, tenant, user, kind, tag, state } of held) {
    file.sql.putTx.run(place, id, file.writer.words.numberOf(tenant), user, kind, tag, state, null, null, null);
  }
  file.sql.commit.run();
});
afterAll(() => file.close());

const FILTERS: readonly (readonly [string, Partial<TransactionFilter>])[] = [
  ["nothing", {}],
  ["a user", { userId: "many-7" }],
  ["a user and a kind", { userId: "many-7", kinds: [3] }],
  ["a tag and a state", { tag: "TAG 12", states: ["EXECUTED"] }],
  ["a beginning that few ids have", { txIdPrefix: "aa0000000000000000000000000000" }],
  ["a beginning that many ids have", { txIdPrefix: "bb" }],
  ["a beginning of ids and a state", { txIdPrefix: "aa", states: ["REJECTED"] }],
  ["a beginning of no id", { txIdPrefix: "c" }],
  ["a beginning that few users have", { userIdPrefix: "rare-59" }],
  ["a beginning that many users have", { userIdPrefix: "many" }],
  ["beginnings of both", { userIdPrefix: "rare", txIdPrefix: "bb", kinds: [1] }],
  ["states", { states: ["REJECTED", "EXECUTED", "REJECTED"] }],
  ["states of none", { states: ["LOCKED"] }],
  ["kinds", { kinds: [3, 9] }],
  ["states and kinds", { states: ["PENDING", "EXECUTED"], kinds: [3] }],
  ["a time", { from: 1000, below: 3500, kinds: [3] }],
  ["a time and a beginning", { from: 1000, below: 1100, txIdPrefix: "bb" }],
];

test.each(FILTERS)("%s: what a naive reader finds, newest first, and from the middle on", async (_name, asked) => {
  const filter = { ...everyTransaction(TENANT), ...asked };
  const wanted = held.filter((one) => wants(one, filter)).toReversed();
  expect(await ids(filter, undefined)).toEqual(wanted.map(({ id }) => id));
  const middle = Math.floor(wanted.length / 2);
  if (wanted.length < 2) return;
  expect(await ids(filter, wanted[middle]?.place)).toEqual(wanted.slice(middle + 1).map(({ id }) => id));
});

async function ids(filter: TransactionFilter, after: bigint | undefined): Promise<string[]> {
  const found: string[] = [];
  for await (const { txId } of findTransactions(file, filter, after)) found.push(txId);
  return found;
}

function wants(of: Held, { tenantId, userId, tag, states, kinds, ...filter }: TransactionFilter): boolean {
  return (
    of.tenant === tenantId &&
    (userId === undefined || of.user === userId) &&
    of.user.startsWith(filter.userIdPrefix) &&
    of.id.startsWith(filter.txIdPrefix) &&
    (tag === undefined || of.tag === tag) &&
    (states.length === 0 || states.includes(of.state)) &&
    (kinds.length === 0 || kinds.includes(of.kind)) &&
    of.at >= (filter.from ?? 0) &&
    of.at < (filter.below ?? COUNT)
  );
}

test("a tenant of whom nothing is known has nothing", async () => {
  expect(await ids(everyTransaction("9".repeat(32)), undefined)).toEqual([]);
});
