// The clock may go back: what stops a recovery stops one as well that the clock alone took for lapsed.
import { expect, test } from "@jest/globals";
import { AGREE_WITHIN_MS, standingOf, USE_WITHIN_MS, type Recovery } from "./recovery.ts";
import { frozen, liveRecovery, stoppedBetween, withoutRecovery, withRecovery } from "./user-recovery.ts";
import type { User } from "./user.ts";
import { aUser } from "../delivery/testing/entities.ts";

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;

const asked = { recoveryId: "ab".repeat(16), reason: "lost", askedBy: "aa".repeat(16), askedAt: NOW } as const;
const requested: Recovery = { ...asked, state: "REQUESTED", expiresAt: NOW + AGREE_WITHIN_MS };
const readyAt = NOW + 24 * HOUR;
const held: Recovery = {
  ...asked,
  state: "HELD",
  approvedBy: "bb".repeat(16),
  readyAt,
  expiresAt: readyAt + USE_WITHIN_MS,
};

test.each([
  ["unapproved", requested],
  ["unused", held],
])("check 19: one that lapsed %s is stopped by the freeze and by what his key signed", (_how, recovery) => {
  const user = withRecovery(aUser(), recovery);
  const late = recovery.expiresAt;
  expect(standingOf(recovery, late)).toBe("LAPSED");
  for (const after of [frozen(user, late), withoutRecovery(user, late)]) {
    expect(stoppedBetween(user, after)).toMatchObject({ recoveryId: asked.recoveryId, at: late });
    expect(liveRecovery(after, readyAt)).toBeUndefined();
  }
});

test("check 19: several that lapsed, of a core from before, are stopped together", () => {
  const user = withRecovery(withRecovery(aUser(), requested), { ...held, recoveryId: "cd".repeat(16) });
  const after: User = withoutRecovery(user, held.expiresAt);
  expect(after.recoveries?.map(({ state }) => state)).toEqual(["STOPPED", "STOPPED"]);
  expect(withoutRecovery(after, NOW)).toBe(after);
});

test("what was used or stopped stays as it is", () => {
  const used: Recovery = { ...held, state: "USED", at: readyAt, keyId: "11".repeat(16) };
  const user = withRecovery(aUser(), used);
  expect(withoutRecovery(user, NOW)).toBe(user);
});
