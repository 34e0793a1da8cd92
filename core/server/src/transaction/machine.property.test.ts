import { RejectReason } from "@countersign/protocol";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { isRefusal } from "../rpc/refusal.ts";
import { APP, DIGEST, NOW, STANDINGS } from "../testing/transaction-fixture.ts";
import type { TransactionEvent } from "./event.ts";
import { step } from "./machine.ts";
import type { Ending, State, Transaction } from "./transaction.ts";
import { isFinal } from "./watch.ts";

/** What the world saw, kept apart from the transaction itself. */
interface Model {
  accepted: boolean;
  counted: number;
  forgiven: number;
  highestFence: number;
  /** Leases under which somebody was let begin, and that were not declared idempotent. */
  begunFences: Set<number>;
  finalState: State | undefined;
}

interface Real {
  of: Transaction;
  now: number;
}

class Happens implements fc.Command<Model, Real> {
  readonly event: TransactionEvent;
  readonly wait: number;
  constructor(event: TransactionEvent, wait: number) {
    this.event = event;
    this.wait = wait;
  }
  check(): boolean {
    return true;
  }
  run(model: Model, real: Real): void {
    real.now += this.wait;
    const before = real.of;
    const stepped = step(before, this.event, real.now);
    if (isRefusal(stepped)) return;
    real.of = stepped.transaction;
    holds(model, before, stepped.transaction, this.event);
  }
  toString(): string {
    return `+${this.wait} ${JSON.stringify(this.event, (_name, value: unknown) => (value instanceof Uint8Array ? "…" : value))}`;
  }
}

const ENDINGS: readonly State[] = [
  "REJECTED",
  "TAMPERED",
  "LOCKED",
  "EXPIRED",
  "CANCELLED",
  "UNDELIVERABLE",
] satisfies Ending[];

function holds(model: Model, before: Transaction, after: Transaction, event: TransactionEvent): void {
  if (event.type === "statement-accepted" && after.state === "CONFIRMED") model.accepted = true;
  if (event.type === "try-counted") model.counted += 1;
  if (event.type === "code-superseded" && event.epochChanged) model.forgiven += 1;
  // Nothing changes without a new version, and no version is used twice.
  expect(after.version >= before.version).toBe(true);
  if (after !== before) expect(after.version).toBeGreaterThan(before.version);
  // What was frozen stays.
  expect({ ...after }).toMatchObject({
    txId: before.txId,
    txDigest: before.txDigest,
    nonce: before.nonce,
    policy: before.policy,
  });
  // Out of a final state leads no way.
  if (model.finalState !== undefined) expect(after.state).toBe(model.finalState);
  if (isFinal(after.state)) model.finalState = after.state;
  // Nobody executes what was not accepted, nor what ended.
  if (!ENDINGS.includes(after.state) && after.state !== "PENDING") expect(model.accepted).toBe(true);
  expect(after.triesLeft).toBe(3 - model.counted + model.forgiven);
  expect(after.triesLeft).toBeGreaterThanOrEqual(0);
  if (after.state === "EXECUTING") executing(model, before, after, event);
}

function executing(
  model: Model,
  before: Transaction,
  after: Extract<Transaction, { state: "EXECUTING" }>,
  event: TransactionEvent,
): void {
  const { fence, idempotent } = after.lease;
  expect(fence).toBeGreaterThanOrEqual(model.highestFence);
  // A lease begun by an executor that is not idempotent is the last one ever.
  for (const begun of model.begunFences) expect(fence).toBe(begun);
  model.highestFence = fence;
  const begins = event.type === "begun" && before.state === "EXECUTING" && !before.begun && after.begun;
  if (begins && !idempotent) model.begunFences.add(fence);
}

const confirmation = { keyId: "c".repeat(32), signedStatement: new Uint8Array(1), at: NOW };
const app = fc.constantFrom(APP, "d".repeat(32));
const fence = fc.integer({ min: 0, max: 4 });
const leaseMs = fc.constantFrom(1000, 60_000, 600_000);
const outcome = fc.constantFrom("EXECUTED" as const, "EXECUTION_FAILED" as const);
const reason = fc.constantFrom(undefined, ...Object.values(RejectReason));
const event: fc.Arbitrary<TransactionEvent> = fc.oneof(
  fc.constantFrom<TransactionEvent>(
    { type: "time-came" },
    { type: "try-counted" },
    { type: "statement-accepted", confirmation },
    { type: "tries-lost" },
    { type: "tampered", keyId: "c".repeat(32) },
    { type: "undeliverable", issue: { epoch: 1, n: 1 } },
    { type: "statement-unfit", reason: "POLICY_UNMET" },
  ),
  fc.record({ type: fc.constant("vetoed" as const), reason, onKey: fc.boolean(), mayFreeze: fc.boolean() }),
  fc.record({
    type: fc.constant("cancelled" as const),
    by: fc.constantFrom("app" as const, "client" as const, "admin" as const),
    detail: fc.constant(""),
  }),
  fc.record({ type: fc.constantFrom("resent" as const, "reissued" as const), epoch: fc.integer({ min: 1, max: 2 }) }),
  fc.record({
    type: fc.constant("claimed" as const),
    claimId: fc.constantFrom("1", "2"),
    appId: app,
    txDigest: fc.constant(DIGEST),
    leaseMs,
    idempotent: fc.boolean(),
  }),
  fc.record({ type: fc.constant("begun" as const), appId: app, fence }),
  fc.record({ type: fc.constant("renewed" as const), appId: app, fence, leaseMs }),
  fc.record({ type: fc.constant("reported" as const), appId: app, fence, outcome, detail: fc.constant("") }),
  fc.record({ type: fc.constant("resolved" as const), outcome, detail: fc.constant("") }),
);
/** A verdict over a code always follows a counted try. */
const wait = fc.constantFrom(0, 1, 1000, 59_999, 60_000, 120_000, 600_000);
const one = fc.tuple(event, wait).map(([happening, ms]) => new Happens(happening, ms));

function begin(confirmed: boolean): { model: Model; real: Real } {
  const of: Transaction = confirmed ? STANDINGS.CONFIRMED : STANDINGS.PENDING;
  return {
    model: {
      accepted: confirmed,
      counted: 0,
      forgiven: 0,
      highestFence: 0,
      begunFences: new Set(),
      finalState: undefined,
    },
    real: { of, now: NOW },
  };
}

test.each([false, true])("whatever happens, the rules of the machine hold (from CONFIRMED: %s)", (confirmed) => {
  const rules = fc.property(fc.commands([one], { maxCommands: 40 }), (commands) => {
    fc.modelRun(() => begin(confirmed), commands);
  });
  expect(fc.check(rules, { numRuns: 2000 })).toMatchObject({ failed: false, counterexample: null });
});

test("once nothing happens any more, time ends every transaction or leaves it to a person", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(event, wait), { maxLength: 30 }), fc.boolean(), (happenings, confirmed) => {
      let { of, now } = begin(confirmed).real;
      for (const [happening, ms] of happenings) {
        now += ms;
        const stepped = step(of, happening, now);
        if (!isRefusal(stepped)) of = stepped.transaction;
      }
      const ended = step(of, { type: "time-came" }, now + 2 * 3_600_000);
      if (isRefusal(ended)) throw new Error(ended.message);
      expect(isFinal(ended.transaction.state) || ended.transaction.state === "EXECUTION_UNKNOWN").toBe(true);
    }),
    { numRuns: 2000 },
  );
});
