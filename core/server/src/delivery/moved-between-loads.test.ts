// A delivery is loaded first and its transaction's case after it: what a commit in between changed is judged anew.
import { expect, test } from "@jest/globals";
import { isRefusal } from "../rpc/refusal.ts";
import type { EntityKey } from "../store/entity.ts";
import { alterStore } from "../testing/altered-store.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { happen } from "../transaction/happen.ts";
import { advance } from "./advance.ts";
import { deliveryDue } from "./due.ts";

test.each(["the sweeper", "a bot"])("the code is issued anew while %s looks at the old one's delivery", async (who) => {
  const world = await CoreWorld.open();
  const { txId } = await world.pending();
  const found = (await world.given.store.lane(world.botId, 1))[0];
  if (found === undefined) throw new Error("nothing waits for the bot");
  const place = { shard: found.shard, key: found.key as EntityKey<"delivery"> };
  world.clock.advance(61_000);
  let loads = 0;
  const overtaken = alterStore(
    world.given,
    (commit, ...args) => commit(...args),
    async (load) => {
      loads += 1;
      if (loads === 2) await happen(world.given, txId, { type: "resent", epoch: 1 }, "app");
      return load();
    },
  );

  const seat = { tenantId: world.tenantId, botId: world.botId, fence: 1 };
  const looked =
    who === "a bot"
      ? await advance(overtaken, seat, place, { pausedUntil: 0, goesOn: true, heldUntil: () => Infinity })
      : await deliveryDue(overtaken, place);

  expect(loads).toBeGreaterThan(3);
  expect(isRefusal(looked as object | undefined)).toBe(false);
  const [delivery] = await world.deliveries();
  expect(delivery?.wanted).toMatchObject({ phase: "full", issue: { n: 2 } });
});
