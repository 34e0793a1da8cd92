// Whatever happens in between, every event is told at least once, and nothing else is.
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { SHARDS, WEBHOOK_SHARD, type Shard } from "../store/entity.ts";
import { StoreAround } from "../store/store-around.ts";
import type { ChangeSet, CommitOutcome } from "../store/store.ts";
import { eventsOfEntry } from "./event.ts";
import { rotateWebhook, setPaused } from "./change-webhook.ts";
import { GIVE_UP_MS } from "./retry.ts";
import { WebhookWorld } from "./testing/webhook-world.ts";

/** Some of the commits of webhooks are lost, come too late, or come to nobody's knowledge. */
class FaultyStore extends StoreAround {
  faults: ("throws" | "conflict" | "unknown")[] = [];

  override async commit(shard: Shard, change: ChangeSet): Promise<CommitOutcome> {
    const fault = shard === WEBHOOK_SHARD && change.audit[0].actor === "core" ? this.faults.shift() : undefined;
    if (fault === undefined) return this.store.commit(shard, change);
    if (fault === "conflict") return "conflict";
    if (fault === "throws") throw new Error("the disk is away");
    await this.store.commit(shard, change);
    return "unknown";
  }
}

const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant("pay" as const), times: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ do: fc.constant("look" as const) }),
    fc.record({ do: fc.constant("restart" as const) }),
    fc.record({ do: fc.constant("pause" as const), on: fc.boolean() }),
    fc.record({ do: fc.constant("rotate" as const) }),
    fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 600_000 }) }),
    fc.record({
      do: fc.constant("down" as const),
      statuses: fc.array(fc.constantFrom(500, 301, 404), { maxLength: 4 }),
    }),
    fc.record({
      do: fc.constant("fault" as const),
      faults: fc.array(fc.constantFrom("throws" as const, "conflict" as const, "unknown" as const), { maxLength: 3 }),
    }),
  ),
  { maxLength: 14 },
);

test("at least once, over pauses, restarts, rotations, faults of the store and of the receiver", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (schedule) => {
      const hooks = await WebhookWorld.open();
      try {
        const webhook = await hooks.add();
        const named = hooks.named(webhook);
        const store = new FaultyStore(hooks.given.store);
        let core = hooks.core({ store });
        let generation = 1;
        for (const step of schedule) {
          if (step.do === "look") await core.look();
          if (step.do === "wait") hooks.world.clock.advance(step.ms);
          if (step.do === "down") hooks.receiver.statuses.push(...step.statuses);
          if (step.do === "fault") store.faults.push(...step.faults);
          if (step.do === "pause") await setPaused(hooks.given, named, step.on);
          if (step.do === "rotate") await rotateWebhook(hooks.given, named, generation++);
          if (step.do === "pay")
            for (let i = 0; i < step.times; i += 1) {
              hooks.world.clock.advance(400_000);
              await hooks.world.pending();
            }
          if (step.do === "restart") {
            await core.stop();
            core = hooks.core({ store });
          }
        }
        store.faults = [];
        hooks.receiver.statuses.length = 0;
        await setPaused(hooks.given, named, false);
        for (let i = 0; i < 3; i += 1) {
          hooks.world.clock.advance(GIVE_UP_MS / 4);
          await core.look();
        }
        const happened = new Set<string>();
        for (let shard = 0; shard < SHARDS; shard += 1)
          for (const entry of await hooks.given.store.audit(shard, 1, 10_000))
            for (const { id } of eventsOfEntry(entry)) happened.add(id);
        expect(new Set(hooks.receiver.ids)).toEqual(happened);
      } finally {
        await hooks.close();
      }
    }),
    { numRuns: 40 },
  );
}, 120_000);
