// A small part of each flood against a real core: those who behave are served, the core lives, its memory comes back.
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { type OwnCore, startOwnCore } from "../own-core.ts";
import { ATTACKS, run, type Target } from "./attacks.ts";
import { NormalTraffic } from "./normal.ts";

const folder = tempFolder();
let core: OwnCore;
let normal: NormalTraffic;
let target: Target;
let n = 1000;

beforeAll(async () => {
  core = await startOwnCore(folder);
  target = { address: core.address, path: "/countersign.core.v1.UserService/Get" };
  normal = new NormalTraffic(core.address, core.tokens.submit);
  await normal.begin();
});
afterAll(async () => {
  normal.close();
  await core.stop();
});

/** Enough of each to meet the limit that ends it. */
const FRAMES: Readonly<Record<string, number>> = {
  "open-streams": 2000,
  "rapid-reset": 20_000,
  "short-reset": 5000,
  "quiet-reset": 5000,
  "late-reset": 5000,
  "made-reset": 1000,
  "spread-reset": 50,
  continuation: 2000,
  settings: 5000,
  ping: 5000,
  "no-window": 100,
  "slow-headers": 30,
  "slow-greeting": 1,
  "giant-headers": 50,
  "endless-message": 100,
  connections: 1,
};
/** Floods whose connections the core ends by itself; the others stay below every limit, or wait for a time-out. */
const ENDED: ReadonlySet<string> = new Set([
  "open-streams",
  "rapid-reset",
  "short-reset",
  "quiet-reset",
  "late-reset",
  "made-reset",
  "continuation",
]);

describe.each(ATTACKS)("$name: $says", (attack) => {
  test("those who behave are served meanwhile and afterwards", async () => {
    const frames = FRAMES[attack.name] ?? 0;
    const attacker = { isOver: false };
    const thenWait = ENDED.has(attack.name);
    const until = { frames, signal: new AbortController().signal, thenWait };
    const attacking = run(attack, target, until).finally(() => (attacker.isOver = true));
    do await normal.call(n++);
    while (!attacker.isOver);
    const attacked = await attacking;
    await normal.call(n++);
    expect(normal.take().errors).toEqual([]);
    expect(core.isAlive).toBe(true);
    expect(attacked.frames).toBeGreaterThan(0);
    expect(attacked.ended).toBeGreaterThanOrEqual(thenWait ? attack.connections : 0);
  });
});

test("its memory comes back, and it ends as it should", async () => {
  // Generous: what is looked for is a core that keeps what floods left, and those above send gigabytes where they may.
  const bound = 600_000;
  const end = Date.now() + 60_000;
  while (core.rssKb() > bound && Date.now() < end) await normal.call(n++);
  expect(core.rssKb()).toBeLessThan(bound);
  expect(await core.stop()).toBe(0);
});
