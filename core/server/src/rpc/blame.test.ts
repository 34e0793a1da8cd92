import { beforeEach, expect, test } from "@jest/globals";
import { Blame } from "./blame.ts";
import { BLAME_MS, NETWORK_MOST } from "./waste.ts";

let blame: Blame;
beforeEach(() => void (blame = new Blame()));

test("a network is blamed for seconds after the last flood, and nobody else is", () => {
  blame.blame("192.0.2.1", 1000);
  blame.blame("192.0.2.1", 3000);
  expect(blame.isBlamed("192.0.2.1", 3000 + BLAME_MS - 1)).toBe(true);
  expect(blame.isBlamed("192.0.2.1", 3000 + BLAME_MS)).toBe(false);
  expect(blame.isBlamed("192.0.2.2", 3000)).toBe(false);
});

test("many connections that waste a little each are a flood together", () => {
  for (let i = 0; i < NETWORK_MOST; i++) expect(blame.charge("192.0.2.1", 1, 0).isBlamed).toBe(false);
  expect(blame.charge("192.0.2.1", 1, 0)).toEqual({ amount: NETWORK_MOST + 1, isBlamed: true });
  expect(blame.charge("192.0.2.2", 1, 0).isBlamed).toBe(false);
});

test("the same in more time is none", () => {
  for (let i = 0; i < 100 * NETWORK_MOST; i++) expect(blame.charge("192.0.2.1", 1, 2.5 * i).isBlamed).toBe(false);
});

test("networks without anything on their account are forgotten, those that are blamed are not", () => {
  blame.blame("blamed", 5000);
  blame.charge("wasteful", NETWORK_MOST, 5000);
  for (let i = 0; i < 5000; i++) blame.charge(`network ${i}`, 1, i);
  expect(blame.size).toBeLessThan(2000);
  expect(blame.isBlamed("blamed", 5000)).toBe(true);
  expect(blame.charge("wasteful", 1, 5000).isBlamed).toBe(true);
});
