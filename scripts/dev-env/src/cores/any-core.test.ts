// Three cores on one Redis: any of them serves any call, and none is special.
import { afterAll, beforeAll, expect } from "@jest/globals";
import { DeliveryEventType } from "@countersign/proto/node/core/v1/code_service";
import { RejectReason, State } from "@countersign/proto/node/core/v1/content";
import { ExecutionOutcome } from "@countersign/proto/node/core/v1/execution_service";
import { tempFolder, testWith } from "@countersign/testing";
import { CoresWorld } from "./cores-world.ts";
import { hasRedis } from "./redis.ts";

const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
let world: CoresWorld;

beforeAll(async () => {
  if (hasRedis) world = await CoresWorld.start({ folder, botTries: [1] });
}, 400_000);
afterAll(() => world?.stop());

peerTest(
  "created on one core, delivered by the bot of another, signed at a third, carried out over all, once",
  async () => {
    const ann = await world.user(0);
    const waiting = await ann.pay();
    const { transactionId, txDigest } = waiting.transaction;
    await waiting.timeline.until(DeliveryEventType.SENT);
    expect(await world.coreOfBot()).toBe(1);
    expect(await world.at(ann.desk, ann.chatId, 2).confirm(waiting, "telegram")).toBe(State.CONFIRMED);

    const claim = { transactionId, txDigest, idempotent: false, lease: { seconds: 60n, nanos: 0 } };
    const claims = await Promise.allSettled(
      [0, 1, 2].map((core) => world.parts(core).execution.claim({ ...claim, claimId: `claim-${core}` })),
    );
    const won = claims.filter((one) => one.status === "fulfilled");
    expect(won).toHaveLength(1);
    const fence = won[0]?.value.lease?.fence ?? 0n;
    await world.parts(1).execution.begin({ transactionId, fence });
    const report = { transactionId, fence, outcome: ExecutionOutcome.EXECUTED, detail: "booked" };
    await world.parts(2).execution.report(report);
    await world.parts(0).execution.report(report); // repeated elsewhere it is harmless
    await ann.reaches(waiting, State.EXECUTED);
    await waiting.timeline.ended;
    await ann.hands("telegram").phoneSays("Executed");
    expect(await ann.codesOn("telegram")).toHaveLength(1);
  },
);

peerTest("a veto on one core ends the watches of all others", async () => {
  const ann = await world.user(0);
  const waiting = await ann.pay();
  const { transactionId } = waiting.transaction;
  const watches = [0, 1, 2].map((core) =>
    world.parts(core).transactions.watch({ transactionId, cursor: "" })[Symbol.asyncIterator](),
  );
  for (const watch of watches) expect((await watch.next()).value?.transaction?.state).toBe(State.PENDING);
  await world.parts(1).transactions.veto({ transactionId, reason: RejectReason.WRONG_DATA });
  const nextOf = async (watch: (typeof watches)[number]): Promise<State | undefined> => {
    const { value } = await watch.next();
    const state = value?.transaction?.state;
    // What else changes while it waits is told as well.
    return state === State.PENDING ? nextOf(watch) : state;
  };
  const told = await Promise.all(watches.map(nextOf));
  expect(told).toEqual([State.REJECTED, State.REJECTED, State.REJECTED]);
  await waiting.timeline.ended;
});
