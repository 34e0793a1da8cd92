import { expect, test } from "@jest/globals";
import type { BenchUser } from "./bench-user.ts";
import { usersFor } from "./bench-users.ts";
import { Calendar } from "./calendar.ts";
import { spreadOf, ticksOf } from "./figures.ts";
import { costsOf } from "./profile.ts";
import { SoftKey } from "./soft-key.ts";

test("CPU is fields 14 and 15, whatever the program is called", () => {
  expect(ticksOf("42 (a) b) S 1 42 42 0 -1 4194560 6 0 0 0 123 45 0 0 20 0 11 0 99 1 2")).toBe(168);
});

test("a spread has the middle, the least and the most", () => {
  expect(spreadOf([5, 1, 3])).toEqual({ median: 3, least: 1, most: 5 });
  expect(spreadOf([4, 1, 2, 9])).toEqual({ median: 3, least: 1, most: 9 });
});

test("a user who was prompted five times waits until the first is a minute old", () => {
  const user = userPrompted([0, 10, 20, 30, 40]);
  expect(new Calendar([user]).plan(1, 1_000)).toEqual({ turns: [user], waitMs: 59_500 });
});

test("users take turns, and nobody waits who may go on", () => {
  const [one, other] = [userPrompted([0, 10, 20]), userPrompted([])];
  expect(new Calendar([one, other]).plan(4, 1_000)).toEqual({ turns: [one, other, one, other], waitMs: 0 });
});

test("there are enough users that nobody meets a limit, nor himself", () => {
  const options = { transactions: 1000, repeats: 5, warmUp: 2500, inFlight: 64 };
  expect(usersFor({ ...options, bot: false })).toBe(1876);
  expect(usersFor({ ...options, bot: true })).toBe(3751);
  expect(usersFor({ ...options, transactions: 4, repeats: 1, warmUp: 2, bot: false })).toBe(4);
});

test("a function's own samples and those below it are told apart, once for each way down", () => {
  const costs = costsOf({
    nodes: [
      { id: 1, callFrame: frame("(root)"), children: [2, 5] },
      { id: 2, hitCount: 1, callFrame: frame("walk"), children: [3] },
      { id: 3, hitCount: 2, callFrame: frame("walk"), children: [4] },
      { id: 4, hitCount: 4, callFrame: frame("leaf") },
      { id: 5, hitCount: 100, callFrame: frame("(idle)") },
    ],
  });
  expect(costs).toEqual([
    { place: "leaf", self: 4, total: 4 },
    { place: "walk", self: 3, total: 7 },
  ]);
});

function userPrompted(prompts: number[]): BenchUser {
  return { userId: "ann", peerId: "1", key: new SoftKey("S-1"), prompts };
}

function frame(functionName: string) {
  return { functionName, url: "", lineNumber: 0 };
}
