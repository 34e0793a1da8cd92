import { status } from "@grpc/grpc-js";
import {
  DeliveryAttempt,
  DeliveryEvent,
  DeliveryEventType,
  DeliveryState,
} from "@countersign/proto/node/core/v1/code_service";
import { Kind, Label } from "@countersign/protocol";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { CoreConnection } from "./core-connection.ts";
import { openCore } from "./node/core-connection.ts";
import { getDelivery, watchDelivery } from "./delivery.ts";
import { APP_TOKEN, FakeCore } from "./testing/fake-core.ts";
import { Token } from "./token.ts";

let fake: FakeCore;
let core: CoreConnection;
let id: string;

beforeEach(async () => {
  fake = await new FakeCore().start();
  core = openCore({ address: fake.address, token: new Token(APP_TOKEN) });
  id = fake.hold({ kind: Kind.THAW, lines: [{ label: Label.ACTION, value: "Thaw confirmations" }], userId: "ada" })
    .transaction.transactionId;
  const types = [DeliveryEventType.QUEUED, DeliveryEventType.HANDED, DeliveryEventType.SENT];
  const events = types.map((type, at) =>
    DeliveryEvent.create({
      ...{ eventId: `e${at}`, type, at: { seconds: 1_795_000_000n, nanos: at * 1_000_000 } },
      ...{ platform: "matrix", linkId: "1a", issue: 1 },
    }),
  );
  fake.deliveries = [
    DeliveryAttempt.create({ platform: "matrix", linkId: "1a", state: DeliveryState.SENT, issue: 1, events }),
  ];
});

afterEach(() => {
  core.close();
  fake.stop();
});

async function typesTold(signal = new AbortController().signal): Promise<string[]> {
  const told: string[] = [];
  for await (const { type } of watchDelivery(core, id, core, signal, () => Promise.resolve())) told.push(type);
  return told;
}

test("attempts with their events, in words and dates", async () => {
  const [attempt] = await getDelivery(core, id, core);
  expect(attempt).toMatchObject({ platform: "matrix", linkId: "1a", state: "SENT", issue: 1, reason: "" });
  expect(attempt?.events.at(-1)).toEqual({
    ...{ eventId: "e2", type: "SENT", at: new Date(1_795_000_000_002), platform: "matrix", linkId: "1a" },
    ...{ reason: "", issue: 1 },
  });
});

test("every event once, over a broken connection, and the end", async () => {
  fake.deliveryBreaks = 2;
  expect(await typesTold()).toEqual(["QUEUED", "HANDED", "SENT"]);
});

test("what a newer core calls otherwise, and a signal that is over", async () => {
  const [attempt] = fake.deliveries ?? [];
  if (attempt?.events[0] !== undefined) attempt.events[0].type = 99 as never;
  expect(await typesTold()).toEqual(["UNSPECIFIED", "HANDED", "SENT"]);
  expect(await typesTold(AbortSignal.abort())).toEqual([]);
});

test("a refusal is thrown", async () => {
  id = "00".repeat(16);
  await expect(typesTold()).rejects.toMatchObject({ code: status.NOT_FOUND });
  await expect(getDelivery(core, id, core)).rejects.toMatchObject({ code: status.NOT_FOUND });
});
