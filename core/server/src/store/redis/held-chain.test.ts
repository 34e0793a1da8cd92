import { expect, test } from "@jest/globals";
import { HeldChain } from "./held-chain.ts";

test("an entry that is held holds all before it, in its history alone", () => {
  const chain = new HeldChain();
  expect(chain.covers({ live: "a", seq: 0 })).toBe(true);
  expect(chain.covers({ live: "a", seq: 1 })).toBe(false);
  chain.note({ live: "a", seq: 5 });
  chain.note({ live: "a", seq: 3 }); // an older answer, late
  expect([4, 5, 6].map((seq) => chain.covers({ live: "a", seq }))).toEqual([true, true, false]);
  expect(chain.covers({ live: "b", seq: 1 })).toBe(false);
});

test("another history begins without anything held, and the one before does not come back", () => {
  const chain = new HeldChain();
  chain.note({ live: "a", seq: 5 });
  chain.note({ live: "b", seq: 2 });
  expect(chain.covers({ live: "b", seq: 3 })).toBe(false);
  expect(chain.covers({ live: "a", seq: 5 })).toBe(false);
});
