import { expect, test } from "@jest/globals";
import { ManualTimer } from "../testing/manual-timer.ts";
import { Session } from "./session.ts";

test("the lease holds from when the acknowledged beat was sent, not from its acknowledgement", async () => {
  const timer = new ManualTimer();
  const session = new Session({ fence: 1n, leaseMs: 1_000 }, () => undefined, timer);
  await timer.advance(400);
  session.beat();
  await timer.advance(500);
  session.beatAcknowledged();
  await timer.advance(499);
  expect(session.holdsLease()).toBe(true);
  await timer.advance(1);
  expect(session.holdsLease()).toBe(false);
});

test("an ended session holds no lease and writes nothing", () => {
  const written: unknown[] = [];
  const session = new Session(
    { fence: 1n, leaseMs: 1_000 },
    (request) => void written.push(request),
    new ManualTimer(),
  );
  session.end();
  session.beat();
  expect(session.holdsLease()).toBe(false);
  expect(written).toEqual([]);
});
