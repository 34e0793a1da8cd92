// What a Create takes for over by the clock alone is over from then on, wherever the clock goes.
import { Kind, Label } from "@countersign/protocol";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { isRefusal } from "../rpc/refusal.ts";
import { alterStore } from "../testing/altered-store.ts";
import { CoreWorld, payment } from "../testing/core-world.ts";
import { createTransaction } from "./create.ts";
import type { Draft } from "./draft.ts";
import type { TransactionEvent } from "./event.ts";
import { happen } from "./happen.ts";
import type { Transaction } from "./transaction.ts";

const MINUTE = 60_000;
const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;

const fields = payment(1);
const accepted = {
  type: "statement-accepted",
  confirmation: { keyId: "", signedStatement: new Uint8Array(0), at: 0 },
} as const;

let world: CoreWorld;

beforeEach(async () => {
  world = await CoreWorld.open();
});

async function on(transaction: Transaction, ...events: TransactionEvent[]): Promise<void> {
  for (const event of events) {
    const after = await happen(world.given, transaction.txId, event, "test");
    if (isRefusal(after)) throw new Error(after.message);
  }
}

function claimOf({ txDigest }: Transaction): TransactionEvent {
  const { appId } = world;
  return { type: "claimed", claimId: "1", leaseMs: MINUTE, idempotent: false, appId, txDigest };
}

/** Creates, and lets the clock go a year back right before it is committed; the state, or why not. */
async function createAsClockGoesBack(change: Partial<Draft>): Promise<string> {
  let back = YEAR;
  const given = alterStore(world.given, async (commit, shard, set) => {
    if (set.audit.some(({ event }) => event === "transaction.created")) {
      world.clock.advance(-back);
      back = 0;
    }
    return commit(shard, set);
  });
  const created = await createTransaction(given, world.draft(change));
  return isRefusal(created) ? created.refused : created.transaction.state;
}

describe("threat 08: equal content that expired stays expired", () => {
  test("threat 08: one that waited for its claim", async () => {
    const first = await world.pending({ fields });
    await on(first, accepted);
    world.clock.advance(HOUR);
    expect(await createAsClockGoesBack({ fields })).toBe("PENDING");
    expect(await world.transaction(first.txId)).toMatchObject({ state: "EXPIRED" });
    expect(await happen(world.given, first.txId, claimOf(first), "test")).toMatchObject({ refused: "EXPIRED" });
  });

  test("threat 08: one that waited for its statement", async () => {
    const first = await world.pending({ fields });
    world.clock.advance(HOUR);
    expect(await createAsClockGoesBack({ fields })).toBe("PENDING");
    expect(await happen(world.given, first.txId, accepted, "test")).toMatchObject({ refused: "EXPIRED" });
  });

  test("threat 08: one that was claimed and not begun is reported no more, as it may be carried out anew", async () => {
    const first = await world.pending({ fields });
    await on(first, accepted, claimOf(first));
    world.clock.advance(HOUR);
    expect(await world.pending({ fields })).toMatchObject({ state: "PENDING" });
    const report = { type: "reported", appId: world.appId, fence: 1, outcome: "EXECUTED", detail: "" } as const;
    expect(await happen(world.given, first.txId, report, "test")).toMatchObject({ refused: "STATE_CONFLICT" });
  });

  test("threat 08: the day after an execution is over by the clock of the commit", async () => {
    const first = await world.pending({ fields });
    await on(first, accepted, claimOf(first));
    await on(first, { type: "reported", appId: world.appId, fence: 1, outcome: "EXECUTED", detail: "" });
    world.clock.advance(25 * HOUR);
    expect(await createAsClockGoesBack({ fields })).toBe("DUPLICATE");
  });

  test("a refusal as DUPLICATE writes nothing", async () => {
    const first = await world.pending({ fields });
    expect(await createTransaction(world.given, world.draft({ fields }))).toMatchObject({ refused: "DUPLICATE" });
    expect(await world.transaction(first.txId)).toEqual(first);
  });
});

describe("check 18: who is taken for gone from the open ones is gone", () => {
  test("check 18: payments", async () => {
    const old = [];
    for (let i = 0; i < 5; i++) old.push(await world.pending());
    world.clock.advance(HOUR);
    expect(await createAsClockGoesBack({})).toBe("PENDING");
    for (const { txId } of old) expect(await world.transaction(txId)).toMatchObject({ state: "EXPIRED" });
    expect((await world.user()).open).toHaveLength(1);
  });

  test("check 18: a THAW", async () => {
    const thaw: Partial<Draft> = {
      kind: Kind.THAW,
      fields: [{ label: Label.ACTION, value: { type: "text", text: "Allow confirmations again" } }],
      action: { type: "thaw" },
    };
    await world.changeUser({ state: "FROZEN" });
    const { txId } = await world.pending(thaw);
    world.clock.advance(HOUR);
    expect(await createAsClockGoesBack(thaw)).toBe("PENDING");
    expect(await world.transaction(txId)).toMatchObject({ state: "EXPIRED" });
  });
});
