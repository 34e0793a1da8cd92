import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { ALERTS_WINDOW_MS, MOST_ALERTS, RULES, type Alert, type AlertKind } from "./alert.ts";
import { Coalescer, type CoalescerState } from "./coalescer.ts";

const T0 = 1_795_000_000_000;
const MINUTE = 60_000;
const see = (of: Coalescer, kind: AlertKind, at: number, about = ""): void =>
  of.note({ kind, at, tenantId: "", about });

test("the first TAMPERED is told at once, those that follow together a minute later", () => {
  const coalescer = new Coalescer();
  see(coalescer, "tampered", T0, "first");
  expect(coalescer.take(T0)).toMatchObject([{ kind: "tampered", count: 1, newest: { about: "first" } }]);
  for (let i = 1; i <= 11; i++) see(coalescer, "tampered", T0 + i * 1000, `later ${i}`);
  expect(coalescer.take(T0 + 59_999)).toEqual([]);
  expect(coalescer.dueIn(T0 + 59_999)).toBe(1);
  expect(coalescer.take(T0 + MINUTE)).toMatchObject([
    { count: 11, from: T0 + 1000, until: T0 + 11_000, newest: { about: "later 11" } },
  ]);
  expect(coalescer.dueIn(T0 + MINUTE)).toBeUndefined();
});

test.each([
  ["four in five minutes", [0, 60, 120, 180], 0],
  ["five in five minutes", [0, 60, 120, 180, 300], 5],
  ["five over half an hour", [0, 400, 800, 1200, 1600], 0],
  ["two, and a burst later", [0, 1, 400, 401, 402, 403, 404], 5],
])("locked: %s", (_name, seconds, told) => {
  const coalescer = new Coalescer();
  for (const at of seconds) see(coalescer, "locked", T0 + at * 1000);
  const alerts = coalescer.take(T0 + (seconds.at(-1) ?? 0) * 1000);
  expect(alerts.reduce((sum, { count }) => sum + count, 0)).toBe(told);
});

test("a clock that goes back silences nothing", () => {
  const coalescer = new Coalescer();
  see(coalescer, "tampered", T0);
  expect(coalescer.take(T0)).toHaveLength(1);
  see(coalescer, "tampered", T0 - 3_600_000);
  expect(coalescer.take(T0 - 3_600_000)).toHaveLength(1);
});

const KINDS = Object.keys(RULES) as AlertKind[];
const step = fc.record({
  wait: fc.oneof(
    fc.constant(0),
    fc.integer({ min: 0, max: 90_000 }),
    fc.integer({ min: 0, max: 2 * ALERTS_WINDOW_MS }),
  ),
  kinds: fc.array(fc.constantFrom(...KINDS), { maxLength: 30 }),
  take: fc.boolean(),
  restart: fc.boolean(),
});

const inWindow = (times: readonly number[], ms: number): number =>
  Math.max(0, ...times.map((end) => times.filter((at) => at <= end && end - at < ms).length));

test("never more messages in a window than allowed, and every sighting is accounted for, over restarts too", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let coalescer = new Coalescer();
      let now = T0;
      let seen = 0;
      const made: { readonly at: number; readonly alert: Alert }[] = [];
      for (const { wait, kinds, take, restart } of steps) {
        now += wait;
        for (const kind of kinds) see(coalescer, kind, now);
        seen += kinds.length;
        if (take) made.push(...coalescer.take(now).map((alert) => ({ at: now, alert })));
        if (restart) coalescer = new Coalescer(JSON.parse(JSON.stringify(coalescer.state)) as CoalescerState);
      }
      const { waiting, unremarkable } = coalescer.state;
      const left = Object.values(waiting).reduce((sum, { count }) => sum + count, 0);
      const told = made.reduce((sum, { alert }) => sum + alert.count, 0);
      expect(told + left + unremarkable).toBe(seen);
      expect(
        inWindow(
          made.map(({ at }) => at),
          ALERTS_WINDOW_MS,
        ),
      ).toBeLessThanOrEqual(MOST_ALERTS);
      for (const kind of KINDS) {
        const times = made.filter(({ alert }) => alert.kind === kind).map(({ at }) => at);
        expect(inWindow(times, RULES[kind].quietMs)).toBeLessThanOrEqual(1);
      }
    }),
  );
});

test("what is due is made when its time has come, and no TAMPERED is ever unremarkable", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const coalescer = new Coalescer();
      let now = T0;
      for (const { wait, kinds } of steps) {
        now += wait;
        for (const kind of kinds) if (RULES[kind].least === 1) see(coalescer, kind, now);
        const due = coalescer.dueIn(now);
        if (due === undefined) continue;
        now += due;
        expect(coalescer.take(now).length).toBeGreaterThan(0);
      }
      expect(coalescer.state.unremarkable).toBe(0);
    }),
  );
});
