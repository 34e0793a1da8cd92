import { ManualTimer } from "@countersign/bot-kit/testing";
import { expect, test } from "@jest/globals";
import { Throttle } from "./throttle.ts";

test("silence doubles while it is asked for, up to 16 s, and starts anew after a message was taken", async () => {
  const timer = new ManualTimer();
  const throttle = new Throttle(timer);
  expect(throttle.left()).toBe(0);
  for (const ms of [1_000, 2_000, 4_000, 8_000, 16_000, 16_000]) {
    expect(throttle.asked()).toBe(ms);
    await timer.advance(ms);
    expect(throttle.left()).toBe(0);
  }
  throttle.taken();
  expect(throttle.asked()).toBe(1_000);
});

test("the silence told is the whole one, also when time passes while it is being begun", () => {
  const timer = new ManualTimer();
  let now = 0;
  timer.monotonic = () => (now += 3);
  expect(new Throttle(timer).asked()).toBe(1_000);
});

test("answers to what had left before do not double it", async () => {
  const timer = new ManualTimer();
  const throttle = new Throttle(timer);
  throttle.asked();
  await timer.advance(400);
  expect(throttle.asked()).toBe(600);
  await timer.advance(600);
  expect(throttle.asked()).toBe(2_000);
});
