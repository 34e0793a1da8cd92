import { expect, test } from "@jest/globals";
import type { ExecutionServiceClaimNextResponse } from "@countersign/proto/node/core/v1/execution_service";
import type { Store } from "../store/store.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { submitStatement } from "../verification/submit-statement.ts";
import { offerClaims } from "./claim-next.ts";

/** What other cores tell does not get here: the connection is gone, or hangs. `onLook`: after each look into a lane. */
function deaf(store: Store, onLook: () => void): Store {
  return new Proxy(store, {
    get: (target, name) => {
      if (name === "subscribe") return () => () => undefined;
      if (name === "lane") {
        return async (lane: string, limit: number) => {
          const found = await target.lane(lane, limit);
          onLook();
          return found;
        };
      }
      const member = Reflect.get(target, name) as unknown;
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
}

test("what was confirmed on another core is offered also when its hint was lost", async () => {
  const world = await CoreWorld.open();
  const over = new AbortController();
  const first = Promise.withResolvers<ExecutionServiceClaimNextResponse>();
  const executor = { tenantId: world.tenantId, appId: "e".repeat(32), signal: over.signal };
  const looked = Promise.withResolvers<void>();
  const given = { ...world.given, store: deaf(world.given.store, looked.resolve) };
  const offering = offerClaims(given, executor, async (offer) => first.resolve(offer), 20);
  await looked.promise;
  const pending = await world.pending();
  const { txId, tenantId } = pending;
  await submitStatement(world.given, { txId, tenantId, signed: world.signed(pending) });
  expect((await first.promise).offered?.transactionId).toBe(txId);
  over.abort();
  await offering;
});
