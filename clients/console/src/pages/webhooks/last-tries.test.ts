import { WebhookDelivery, WebhookDeliveryState as S } from "@countersign/proto/web/admin/v1/webhook_service";
import { expect, test } from "@jest/globals";
import { lastTriesIn, resultOf } from "./last-tries.ts";

const delivery = (webhookId: string, state: S, seconds: bigint, attempts = 1): WebhookDelivery =>
  WebhookDelivery.create({ webhookId, state, attempts, at: { seconds, nanos: 0 } });

const idsOf = (...deliveries: WebhookDelivery[]): (string | undefined)[] => {
  const { arrived, failing } = lastTriesIn(deliveries);
  return [arrived?.webhookId, failing?.webhookId];
};

test("an endpoint that was told nothing neither takes nor fails", () => {
  expect(idsOf()).toEqual([undefined, undefined]);
  expect(idsOf(delivery("first", S.PENDING, 9n, 0))).toEqual([undefined, undefined]);
});

test("what is tried again stands above what was given up", () => {
  const [retried, dead] = [delivery("retried", S.PENDING, 9n), delivery("dead", S.DEAD, 5n)];
  expect(idsOf(delivery("fresh", S.PENDING, 8n, 0), retried, dead, delivery("old", S.DELIVERED, 1n))).toEqual([
    ...["old", "retried"],
  ]);
});

test("what was given up is no failure any more once a later one arrived", () => {
  const dead = delivery("dead", S.DEAD, 5n);
  expect(idsOf(dead, delivery("before", S.DELIVERED, 4n))).toEqual(["before", "dead"]);
  expect(idsOf(dead, delivery("after", S.DELIVERED, 6n))).toEqual(["after", undefined]);
});

test("a result is told with its status, where there was one", () => {
  expect(resultOf(WebhookDelivery.create({ lastResult: "5xx", lastStatus: 503 }))).toBe("5xx (503)");
  expect(resultOf(WebhookDelivery.create({ lastResult: "timeout" }))).toBe("timeout");
});
