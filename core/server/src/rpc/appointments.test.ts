import { beforeEach, expect, test } from "@jest/globals";
import { Appointments, CALLS_APART, LATEST_MS, SOONEST_MS } from "./appointments.ts";

const HERE = "192.0.2.1";
const THERE = "192.0.2.2";

let appointments: Appointments;
beforeEach(() => void (appointments = new Appointments()));

test("those who are refused together come back one after the other, at half of what the core can do", () => {
  const waits = Array.from({ length: 100 }, () => appointments.waitMs(HERE, 0.5, 1000));
  expect(waits).toEqual(Array.from({ length: 100 }, (_, n) => SOONEST_MS + n * CALLS_APART * 0.5));
});

test("who is refused alone comes back soon, however many were refused before", () => {
  for (let i = 0; i < 1000; i++) appointments.waitMs(HERE, 1, 0);
  expect(appointments.waitMs(HERE, 1, 60_000)).toBe(SOONEST_MS);
});

test("nobody is sent away for longer than that, however many there are, and the pace begins anew from there", () => {
  const waits = Array.from({ length: 100_000 }, () => appointments.waitMs(HERE, 1, 0));
  expect(Math.max(...waits)).toBe(LATEST_MS);
  expect(appointments.waitMs(HERE, 1, LATEST_MS / 2)).toBeLessThanOrEqual(LATEST_MS / 2 + CALLS_APART);
});

test("one address does not put off the other", () => {
  for (let i = 0; i < 10_000; i++) appointments.waitMs(HERE, 1, 0);
  expect(appointments.waitMs(THERE, 1, 0)).toBe(SOONEST_MS);
});

test("addresses are forgotten when their callers have come back", () => {
  for (let i = 0; i < 100_000; i++) appointments.waitMs(`${i}`, 1, i);
  expect(appointments.size).toBeLessThan(2000);
});

test("five times as many callers as the core can serve settle at half a refusal for each call that is done", () => {
  // Each wants a call a second; the core does one a millisecond, and has places for a quarter of a second.
  const comers = Array.from({ length: 5000 }, (_, n) => n % 1000);
  const at = new Map<number, number>();
  for (const ms of comers) at.set(ms, (at.get(ms) ?? 0) + 1);
  const come = (ms: number): void => void at.set(Math.ceil(ms), (at.get(Math.ceil(ms)) ?? 0) + 1);
  let [waiting, done, refused] = [0, 0, 0];
  for (let ms = 0; ms < 60_000; ms++) {
    for (let comer = at.get(ms) ?? 0; comer > 0; comer--) {
      if (waiting < 250) waiting += 1;
      else {
        if (ms >= 20_000) refused += 1;
        come(ms + appointments.waitMs(HERE, 1, ms));
      }
    }
    at.delete(ms);
    if (waiting === 0) continue;
    waiting -= 1;
    if (ms >= 20_000) done += 1;
    come(ms + 1000);
  }
  expect(done).toBe(40_000);
  expect(refused / done).toBeLessThan(0.55);
});
