import { expect, test } from "@jest/globals";
import type { Tried } from "./post.ts";
import { PostLine, type Waiting } from "./post-line.ts";
import { webhookDeliveryKey } from "./webhook.ts";

const TAKEN: Tried = { result: "2xx", status: 204, quietUntil: undefined };
const endpointId = "e".repeat(32);

function message(id: string): Waiting {
  const event = { id, type: "transaction.executed", at: 0, tenantId: "", transactionId: "", state: "EXECUTED" };
  const untried = { state: "PENDING", attempts: 0, queuedAt: 0, at: 0, lastResult: "", lastStatus: 0 } as const;
  const body = { endpointId, tenantId: "", event: { ...event, version: 1, test: false }, ...untried };
  return { key: webhookDeliveryKey(endpointId, id), version: "1", body };
}

function launched(line: PostLine, id: string): { readonly waiting: Waiting; readonly land: (tried?: Tried) => void } {
  const posted = Promise.withResolvers<Tried | undefined>();
  const waiting = message(id);
  line.launch(waiting, "1", posted.promise);
  return { waiting, land: (tried) => posted.resolve(tried) };
}

const idsOf = (landed: readonly Waiting[]): string[] => landed.map(({ body }) => body.event.id);

test("what lands while others are written down is written down next, and is the line's until then", async () => {
  const line = new PostLine();
  const [one, two] = [launched(line, "evt_1"), launched(line, "evt_2")];
  one.land(TAKEN);
  await line.change(undefined);
  const first = line.landed;
  expect(idsOf(first)).toEqual(["evt_1"]);
  two.land(TAKEN); // meanwhile
  await line.change(undefined);
  line.forget(first);
  expect([line.has(one.waiting), line.has(two.waiting)]).toEqual([false, true]);
  expect(idsOf(line.landed)).toEqual(["evt_2"]);
  line.forget(line.landed);
  expect(line.isEmpty).toBe(true);
});

test("a post that was stopped leaves room and nothing to write down", async () => {
  const line = new PostLine();
  const posts = Array.from({ length: line.room }, (_, i) => launched(line, `evt_${i}`));
  expect([line.room, line.isFlying, line.isEmpty]).toEqual([0, true, false]);
  for (const { land } of posts) land();
  await line.change(undefined);
  expect([line.room, line.isFlying, line.isEmpty]).toEqual([posts.length, false, true]);
  expect(line.landed).toEqual([]);
});

test("who waits goes on after news, or after as long as was said, whichever is first", async () => {
  const line = new PostLine();
  launched(line, "evt_1"); // never lands
  line.wake();
  await line.change(3_600_000);
  await line.change(1);
  expect(line.isFlying).toBe(true);
});
