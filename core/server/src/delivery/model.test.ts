// Random interleavings over the pure parts of delivery; testing/pure-world.ts holds what must never happen. A failure
// prints fast-check's seed and path.
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Platform } from "../identity/tenant.ts";
import type { Report } from "./attempt.ts";
import { CHANNEL_REASONS } from "./delivery.ts";
import { PureWorld, type HandOut, type PureOptions } from "./testing/pure-world.ts";
import { CODE_MARGIN_MS, TOLD_WITHIN_MS } from "./wish.ts";

const PLATFORMS: readonly Platform[] = ["telegram", "matrix", "mail", "sms"];

const options: fc.Arbitrary<PureOptions> = fc.record({
  platforms: fc.shuffledSubarray([...PLATFORMS], { minLength: 1 }),
  channelTimeoutMs: fc.constantFrom(5_000, 20_000, 30_000, 60_000, 300_000),
  lifetimeMs: fc.constantFrom(60_000, 120_000, 140_000, 600_000),
});

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("look" as const), link: fc.nat(3), accepted: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("report" as const),
      which: fc.nat(5),
      says: fc.constantFrom("the truth", "unknown"),
      reason: fc.constantFrom(...CHANNEL_REASONS),
      permanent: fc.boolean(),
      retryAfterMs: fc.constantFrom(0, 0, 3_000, 40_000, 3_600_000),
      again: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      ms: fc.constantFrom(100, 600, 3_000, 10_000, 31_000, 61_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("resend" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("restart", "wrong code", "end") }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("receipt" as const), link: fc.nat(3), reached: fc.boolean() }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function take(world: PureWorld, of: Step): void {
  if (of.do === "look" || of.do === "receipt") {
    const link = world.links[of.link % world.links.length];
    if (link === undefined) return;
    if (of.do === "look") world.look(link, of.accepted);
    else if (link.platform === "mail" || link.platform === "sms") world.receipt(link, of.reached);
  } else if (of.do === "report") {
    const flight = world.flights[of.which % Math.max(1, world.flights.length)];
    if (flight !== undefined) world.report(flight, reportOf(flight, of), of.again);
  } else if (of.do === "pass") world.pass(of.ms);
  else if (of.do === "resend") world.resend();
  else if (of.do === "restart") world.restart();
  else if (of.do === "wrong code") world.wrongCode();
  else world.end();
}

/** A bot may know nothing; what it says it knows is true. */
function reportOf(flight: HandOut, of: Extract<Step, { do: "report" }>): Report {
  const { reason, retryAfterMs } = of;
  if (of.says === "unknown") return { type: "failed", fate: "unknown", reason: "CHANNEL_DOWN", retryAfterMs: 0 };
  if (flight.accepted) return { type: "sent", providerId: flight.providerId };
  return of.permanent
    ? { type: "failed", fate: "permanent", reason, retryAfterMs: 0 }
    : { type: "failed", fate: "not-sent", reason: "CHANNEL_DOWN", retryAfterMs };
}

const RUNS = 5_000;

test(`${RUNS} random lives: no rule of the order, of time and of counting is broken, and each comes to its end`, () => {
  let steps = 0;
  let sends = 0;
  fc.assert(
    fc.property(options, fc.array(step, { maxLength: 80, size: "max" }), (of, lived) => {
      const world = new PureWorld(of);
      for (const each of lived) take(world, each);
      steps += lived.length;
      sends += world.handOuts.length;
      // No bot comes back: time alone brings everything to its end, in a few steps a chat.
      const before = world.dueSteps;
      world.pass(of.lifetimeMs + TOLD_WITHIN_MS + 2 * CODE_MARGIN_MS);
      expect(world.isSettled).toBe(true);
      expect(world.transaction.state).not.toBe("PENDING");
      expect(world.dueSteps - before).toBeLessThanOrEqual(6 * world.links.length);
    }),
    { numRuns: RUNS },
  );
  // The lives were lives.
  expect(steps).toBeGreaterThan(RUNS * 10);
  expect(sends).toBeGreaterThan(RUNS);
});

test("every channel silent: each of the order is asked before notAfter, whatever the policy's time", () => {
  fc.assert(
    fc.property(options, (of) => {
      const world = new PureWorld(of);
      const last = of.lifetimeMs - CODE_MARGIN_MS;
      for (let at = 0; at < last; at += 500) {
        for (const link of world.links) world.look(link, false);
        world.pass(500);
      }
      expect(new Set(world.handOuts.map(({ linkId }) => linkId)).size).toBe(of.platforms.length);
    }),
    { numRuns: 200 },
  );
});
