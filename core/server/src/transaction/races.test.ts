// Everybody at once, over the real stores: what the machine promises holds for whole histories too.
import { join } from "node:path";
import { macKey, RejectReason } from "@countersign/protocol";
import { tempFolder } from "@countersign/testing";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { isRefusal } from "../rpc/refusal.ts";
import { openSqliteStore } from "../store/sqlite-store.ts";
import { CoreWorld, drawHexId, type WorldOptions } from "../testing/core-world.ts";
import { submitStatement } from "../verification/submit-statement.ts";
import type { TransactionEvent } from "./event.ts";
import { happen } from "./happen.ts";
import type { Transaction } from "./transaction.ts";

type Act =
  | { readonly act: "right" | "wrong" | "tampered" | "reject" | "cancel" | "veto" | "sweep" }
  | { readonly act: "execute"; readonly who: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ act: fc.constant("right" as const) }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant("execute" as const), who: fc.integer({ min: 0, max: 2 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constantFrom(...(["wrong", "wrong", "tampered", "reject", "cancel", "veto", "sweep", "sweep"] as const)),
    }),
  },
);
/** Acts of one round run together, then the clock moves on. */
const rounds = fc.array(
  fc.record({ acts: fc.array(act, { minLength: 1, maxLength: 8 }), wait: fc.constantFrom(0, 1000, 30_000, 61_000) }),
  { minLength: 1, maxLength: 8 },
);

class History {
  readonly world: CoreWorld;
  readonly pending: Transaction;
  readonly executed: string[] = [];
  readonly accepted: string[] = [];

  constructor(world: CoreWorld, pending: Transaction) {
    this.world = world;
    this.pending = pending;
  }

  async run(one: Act): Promise<void> {
    const { world, pending } = this;
    switch (one.act) {
      case "right":
        return this.#submit(world.signed(pending));
      case "wrong":
        return this.#submit(world.signed(pending, { code: world.wrongCode(pending) }));
      case "tampered":
        return this.#submit(world.signed(pending, { txDigest: new Uint8Array(32) }));
      case "reject":
        return this.#submit(world.reject(pending, { reason: RejectReason.WRONG_DATA }));
      case "cancel":
        return void (await this.#happen({ type: "cancelled", by: "app", detail: "" }));
      case "veto":
        return void (await this.#happen({ type: "vetoed", reason: undefined, onKey: false, mayFreeze: true }));
      case "sweep":
        return void (await this.#happen({ type: "time-came" }));
      case "execute":
        return this.#execute(one.who);
    }
  }

  async #submit(signed: Uint8Array): Promise<void> {
    const { txId, tenantId } = this.pending;
    const answer = await submitStatement(this.world.given, { txId, tenantId, signed });
    if (!isRefusal(answer)) this.accepted.push(answer.state);
  }

  /** As an honest executor: claim, begin, do it, report. */
  async #execute(who: number): Promise<void> {
    const appId = String(who).repeat(32);
    const { txDigest } = this.pending;
    const claim = { type: "claimed", claimId: `${who}`, appId, txDigest, leaseMs: 60_000, idempotent: false } as const;
    const claimed = await this.#happen(claim);
    if (isRefusal(claimed) || claimed.state !== "EXECUTING" || claimed.begun) return;
    const { fence } = claimed.lease;
    const begun = await this.#happen({ type: "begun", appId, fence });
    // A second Begin of the same claim_id is answered alike: the executor knows that it is one and the same.
    if (isRefusal(begun)) return;
    if (!this.executed.includes(`${who}:${fence}`)) this.executed.push(`${who}:${fence}`);
    await this.#happen({ type: "reported", appId, fence, outcome: "EXECUTED", detail: "" });
  }

  #happen(event: TransactionEvent): ReturnType<typeof happen> {
    return happen(this.world.given, this.pending.txId, event, "test");
  }
}

async function holds(options: WorldOptions, all: readonly { acts: Act[]; wait: number }[]): Promise<number> {
  const world = await CoreWorld.open(options);
  const story = new History(world, await world.pending());
  for (const { acts, wait } of all) {
    await Promise.all(acts.map((one) => story.run(one)));
    world.clock.advance(wait);
  }
  const after = await world.transaction(story.pending.txId);
  const accepted = await world.audited("statement.accepted");
  const executions = story.executed.length;
  expect(executions).toBeLessThanOrEqual(accepted);
  expect(accepted).toBeLessThanOrEqual(1);
  expect(await world.audited("statement.counted")).toBeLessThanOrEqual(3);
  const tells = ["EXECUTED", "EXECUTING", "EXECUTION_UNKNOWN"].includes(after.state);
  expect(tells || executions === 0).toBe(true);
  await world.given.store.close();
  return executions;
}

/** Two executors run for one confirmation: without it the rules might hold for nothing. */
const executes: { acts: Act[]; wait: number }[] = [
  { acts: [{ act: "right" }], wait: 0 },
  {
    acts: [
      { act: "execute", who: 0 },
      { act: "execute", who: 1 },
    ],
    wait: 1000,
  },
];

const folder = tempFolder();
const sqlite: WorldOptions = {
  open: (clock) => openSqliteStore({ folder: join(folder, drawHexId()), macKey: macKey(new Uint8Array(32)), clock }),
};

test.each([
  ["memory", {}, 100],
  ["SQLite", sqlite, 10],
] as const)(
  "claim 25: executions <= 1, compared codes <= 3, whoever comes first (%s)",
  async (_name, options, numRuns) => {
    expect(await holds(options, executes)).toBe(1);
    const rules = fc.asyncProperty(rounds, async (all) => void (await holds(options, all)));
    const found = await fc.check(rules, { numRuns });
    expect(found.errorInstance).toBeNull();
    expect(found.failed).toBe(false);
  },
  400_000,
);
