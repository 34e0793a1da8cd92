import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { ManualTimer, settled } from "../testing/manual-timer.ts";
import { Lanes } from "../attach/lanes.ts";
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

/** Lets time pass until nobody sleeps any more. */
async function untilAllAwake(timer: ManualTimer): Promise<void> {
  while (await timer.advanceToNext()) await settled();
}

interface Left {
  readonly at: number;
  readonly peerId: string;
}

interface Plan {
  readonly gap: number;
  readonly chat: number;
  readonly what: "message" | "edit" | "reply" | "silence";
}

const SILENCE: Plan = { gap: 5, chat: 0, what: "silence" };

/** Runs a plan and tells when each call left; refusals leave never. */
async function departures(plan: readonly Plan[]): Promise<{ left: Left[]; silences: [number, number][] }> {
  const timer = new ManualTimer();
  const pace = new Pace(limits, timer);
  const left: Left[] = [];
  const silences: [number, number][] = [];
  const lanes = new Lanes();
  for (const [at, { gap, chat, what }] of plan.entries()) {
    await timer.advance(gap);
    const peerId = String(chat);
    if (what === "silence") {
      pace.silence(1_500);
      silences.push([timer.monotonic(), timer.monotonic() + 1_500]);
      continue;
    }
    // As the desk does: one lane a chat, and one for its answers.
    lanes.put(what === "reply" ? `reply ${peerId}` : peerId, async () => {
      const call = { peerId, newMessage: what === "message" };
      const admitted = what === "reply" ? pace.admitReply(peerId) : pace.admit(call);
      const counted = what === "edit" ? `edit ${at}` : peerId;
      await admitted.then(() => left.push({ at: timer.monotonic(), peerId: counted })).catch(() => undefined);
    });
    await settled();
  }
  await untilAllAwake(timer);
  await lanes.idle();
  return { left, silences };
}

test("whatever is asked when: rates of identity and chat hold, and nothing leaves in a silence", async () => {
  const what = fc.constantFrom("message" as const, "message" as const, "edit" as const, "reply" as const);
  const entry = fc.record({ gap: fc.nat(40), chat: fc.nat(30), what });
  const plans = fc.array(fc.oneof({ weight: 20, arbitrary: entry }, { weight: 1, arbitrary: fc.constant(SILENCE) }), {
    minLength: 20,
    maxLength: 90,
  });
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const { left, silences } = await departures(plan);
      for (const { at: from, peerId } of left) {
        const within = left.filter(({ at }) => at >= from && at < from + 999.5);
        expect(within.length).toBeLessThanOrEqual(25 + 5);
        expect(within.filter((one) => one.peerId === peerId)).toHaveLength(1);
        expect(silences.some(([start, end]) => from > start && from < end)).toBe(false);
      }
    }),
    { numRuns: 25 },
  );
}, 400_000);

test("a chat that waits keeps no place of the identity from the others", async () => {
  const timer = new ManualTimer();
  const pace = new Pace({ ...limits, identity: { perSecond: 1, burst: 1 } }, timer);
  await pace.admit(toChat("1"));
  await timer.advance(1_000);
  await pace.admit(toChat("1"));
  const waits = pace.admit(toChat("1"));
  await timer.advance(1_000);
  await waits;
  await timer.advance(1_000);
  let admitted = false;
  void pace.admit(toChat("2")).then(() => (admitted = true));
  await settled();
  expect(admitted).toBe(true);
});

test("answers give way: a message that comes later leaves before answers that wait", async () => {
  const timer = new ManualTimer();
  const pace = new Pace({ ...limits, identity: { perSecond: 1, burst: 1 } }, timer);
  const left: string[] = [];
  await pace.admit(toChat("1"));
  const replies = ["a", "b"].map(async (name) => pace.admitReply(name).then(() => left.push(name)));
  await settled();
  const prompt = pace.admit(toChat("2")).then(() => left.push("prompt"));
  await untilAllAwake(timer);
  await Promise.all([...replies, prompt]);
  expect(left).toEqual(["prompt", "a", "b"]);
});

test("an answer that would wait too long is given up", async () => {
  const timer = new ManualTimer();
  const pace = new Pace(limits, timer);
  pace.silence(6_000);
  await expect(pace.admitReply("1")).rejects.toMatchObject({ fate: "not-sent", detail: "rate-limited" });
});

test.each([Infinity, Number.NaN, 1e12])("a silence of %d is ten minutes at most", async (ms) => {
  const timer = new ManualTimer();
  const pace = new Pace(limits, timer);
  pace.silence(ms);
  await expect(pace.admit(toChat("1"))).rejects.toMatchObject({ retryAfterMs: 600_000 });
  await timer.advance(600_000);
  await pace.admit(toChat("1"));
});

test.each([-5, 0])("a silence of %d is none", async (ms) => {
  const pace = new Pace(limits, new ManualTimer());
  pace.silence(ms);
  await expect(pace.admit(toChat("1"))).resolves.toBeUndefined();
});

test("after a silence those who waited leave at the rate, not all at once", async () => {
  const timer = new ManualTimer();
  const pace = new Pace({ ...limits, identity: { perSecond: 10, burst: 1 } }, timer);
  const left: number[] = [];
  const waiting = ["1", "2", "3", "4"].map(async (peerId) =>
    pace.admit(toChat(peerId)).then(() => left.push(timer.monotonic())),
  );
  await settled();
  pace.silence(1_000);
  await untilAllAwake(timer);
  await Promise.all(waiting);
  expect(left[0]).toBe(0);
  const gaps = left.slice(2).map((at, index) => at - (left[index + 1] ?? 0));
  expect(left[1]).toBeGreaterThanOrEqual(1_000);
  expect(gaps.every((gap) => gap >= 100)).toBe(true);
});
