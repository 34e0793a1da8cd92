import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { ManualTimer, settled } from "../testing/manual-timer.ts";
import { Gcra } from "./gcra.ts";
import { Pace } from "./pace.ts";

const limits = { identity: { perSecond: 25, burst: 5 }, chat: { perSecond: 1, burst: 1 }, longestWaitMs: 5_000 };
const toChat = (peerId: string): { peerId: string; newMessage: boolean } => ({ peerId, newMessage: true });

test("never more than rate and burst in any window, whatever comes when", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 200 }), (gaps) => {
      const bucket = new Gcra({ perSecond: 25, burst: 5 });
      const left: number[] = [];
      let now = 0;
      for (const gap of gaps) {
        now += gap;
        left.push(now + bucket.waitAt(now));
        bucket.take(now);
      }
      for (const from of left) {
        // Half a millisecond of slack for floating point.
        const inSecond = left.filter((at) => at >= from && at < from + 999.5).length;
        expect(inSecond).toBeLessThanOrEqual(25 + 5);
      }
      expect(left).toEqual(left.toSorted((a, b) => a - b));
    }),
  );
});

test("a second message to one chat waits a second, an edit and another chat do not", async () => {
  const timer = new ManualTimer();
  const pace = new Pace(limits, timer);
  await pace.admit(toChat("1"));
  await pace.admit(toChat("2"));
  await pace.admit({ peerId: "1", newMessage: false });
  let admitted = false;
  const second = pace.admit(toChat("1")).then(() => (admitted = true));
  await timer.advance(999);
  expect(admitted).toBe(false);
  await timer.advance(1);
  await second;
  expect(admitted).toBe(true);
});

test("429 silences the whole identity, also those who waited already", async () => {
  const timer = new ManualTimer();
  const pace = new Pace(limits, timer);
  await pace.admit(toChat("1"));
  let admitted = false;
  const waiting = pace.admit(toChat("1")).then(() => (admitted = true));
  pace.silence(3_000);
  await timer.advance(1_000);
  expect(admitted).toBe(false);
  await timer.advance(2_000);
  await waiting;
  expect(admitted).toBe(true);
});

test("a wait that is too long is refused at once, with the time to wait, and uses up nothing", async () => {
  const timer = new ManualTimer();
  const pace = new Pace(limits, timer);
  pace.silence(35_000);
  const refusal = { fate: "not-sent", detail: "rate-limited", retryAfterMs: 35_000 };
  await expect(pace.admit(toChat("1"))).rejects.toMatchObject(refusal);
  await timer.advance(35_000);
  await pace.admit(toChat("1"));
  await settled();
});

test("a silence that comes while waiting and lasts too long is refused too", async () => {
  const timer = new ManualTimer();
  const pace = new Pace(limits, timer);
  await pace.admit(toChat("1"));
  const refusal = pace.admit(toChat("1")).catch((error: unknown) => error);
  pace.silence(35_000);
  await timer.advance(1_000);
  expect(await refusal).toMatchObject({ retryAfterMs: 34_000 });
});
