import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { watchIdle } from "./idle.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test("it rests when nobody has done anything for so long, and no earlier; not any more once it is stopped", () => {
  const page = new EventTarget();
  let rested = 0;
  const stop = watchIdle(page, () => (rested += 1), 1_000);
  jest.advanceTimersByTime(999);
  page.dispatchEvent(new Event("keydown"));
  jest.advanceTimersByTime(999);
  expect(rested).toBe(0);
  jest.advanceTimersByTime(1);
  expect(rested).toBe(1);
  page.dispatchEvent(new Event("pointerdown"));
  stop();
  jest.advanceTimersByTime(10_000);
  expect(rested).toBe(1);
});
