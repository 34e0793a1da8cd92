import { expect, test } from "@jest/globals";
import { endOfToken, openOf, withoutToken, withToken, type HeldTokens } from "./held-token.ts";

const now = 1_000_000;
const listed = { id: "new", listed: true } as const;
const unlisted = { id: "old" } as const;

test("a holder from before the list admits what was issued before, and nothing that should be listed", () => {
  expect(endOfToken(undefined, unlisted, now)).toEqual({});
  expect(endOfToken(undefined, listed, now)).toBeUndefined();
});

test("a further token leaves the others alone; with an overlap they end", () => {
  const beside = withToken(undefined, "new", { now, overlapMs: undefined });
  expect([endOfToken(beside, listed, now), endOfToken(beside, unlisted, now)]).toEqual([{}, {}]);
  const instead = withToken(beside, "newer", { now, overlapMs: 500 });
  for (const token of [listed, unlisted]) {
    expect(endOfToken(instead, token, now + 499)).toEqual({ until: now + 500 });
    expect(endOfToken(instead, token, now + 500)).toBeUndefined();
  }
  expect(endOfToken(instead, { id: "newer", listed: true }, now + 500)).toEqual({});
});

test("an overlap never lets a token live longer", () => {
  const held: HeldTokens = { listed: [{ id: "new", issuedAt: 0, until: now + 100 }], unlistedUntil: now + 50 };
  const after = withToken(held, "newer", { now, overlapMs: 500 });
  expect(endOfToken(after, listed, now)).toEqual({ until: now + 100 });
  expect(endOfToken(after, unlisted, now)).toEqual({ until: now + 50 });
});

test("what is revoked counts no more, also beside a token from before the list; of all, none does", () => {
  const held = withToken(undefined, "new", { now, overlapMs: undefined });
  const one = withoutToken(held, "new");
  expect([endOfToken(one, listed, now), endOfToken(one, unlisted, now)]).toEqual([undefined, {}]);
  expect(endOfToken(withoutToken(held, undefined), unlisted, now)).toBeUndefined();
});

test("doing it again changes nothing", () => {
  const held = withToken(undefined, "new", { now, overlapMs: 10 });
  expect(withToken(held, "new", { now: now + 5, overlapMs: 10 })).toBe(held);
  expect(withoutToken(held, "nobody's")).toBe(held);
  expect(openOf(held, now)).toHaveLength(1);
});
