import {
  DeliveryAttempt,
  DeliveryEvent,
  DeliveryEventType,
  DeliveryState,
} from "@countersign/proto/node/core/v1/code_service";
import { Kind, Label } from "@countersign/protocol";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { CliWorld } from "../testing/cli.ts";

let world: CliWorld;
let id: string;
let count = 0;

function event(type: DeliveryEventType, linkId: string, ms: number, over: Partial<DeliveryEvent> = {}): DeliveryEvent {
  const at = { seconds: 1_795_357_800n, nanos: ms * 1_000_000 };
  return DeliveryEvent.create({ eventId: `e${++count}`, type, at, platform: "telegram", linkId, issue: 1, ...over });
}

beforeEach(async () => {
  world = await CliWorld.open();
  id = world.core.hold({
    kind: Kind.THAW,
    lines: [{ label: Label.ACTION, value: "Thaw confirmations" }],
    userId: "ada",
  }).transaction.transactionId;
  const { QUEUED, HANDED, FAILED, SENT } = DeliveryEventType;
  world.core.deliveries = [
    DeliveryAttempt.create({
      ...{ platform: "telegram", linkId: "1a", state: DeliveryState.FAILED, reason: "CHANNEL_DOWN", issue: 1 },
      events: [event(QUEUED, "1a", 0), event(HANDED, "1a", 10), event(FAILED, "1a", 400, { reason: "CHANNEL_DOWN" })],
    }),
    DeliveryAttempt.create({
      ...{ platform: "telegram", linkId: "2b", state: DeliveryState.SENT, issue: 1 },
      events: [event(QUEUED, "2b", 400), event(SENT, "2b", 900)],
    }),
  ];
});

afterEach(() => world.close());

const TIMELINE = [
  "2026-11-22T14:30:00.000Z  telegram    waits for its bot (code 1)",
  "2026-11-22T14:30:00.010Z  telegram    handed to the bot (code 1)",
  "2026-11-22T14:30:00.400Z  telegram    given up (code 1, CHANNEL_DOWN)",
  "2026-11-22T14:30:00.400Z  telegram 2  waits for its bot (code 1)",
  "2026-11-22T14:30:00.900Z  telegram 2  sent (code 1)",
  "telegram: FAILED, CHANNEL_DOWN, code 1",
  "telegram 2: SENT, code 1",
];

test.each([[[]], [["--watch"]]])("the timeline for people: %j", async (flags) => {
  const { code, out } = await world.run("tx", "delivery", id, ...flags);
  expect(out.trimEnd().split("\n")).toEqual(TIMELINE);
  expect(code).toBe(0);
});

test("and for programs", async () => {
  const ran = await world.run("tx", "delivery", id, "--json");
  const told = ran.json();
  expect(told[2]).toEqual({
    ...{ transactionId: id, event: "FAILED", eventId: expect.any(String), at: "2026-11-22T14:30:00.400Z" },
    ...{ platform: "telegram", linkId: "1a", reason: "CHANNEL_DOWN", issue: 1 },
  });
  expect(told.at(-1)).toMatchObject({ linkId: "2b", state: "SENT" });
});

test("15 when every attempt failed, 2 for what is no id, or nobody's", async () => {
  world.core.deliveries = world.core.deliveries?.slice(0, 1);
  expect((await world.run("tx", "delivery", id)).code).toBe(15);
  expect((await world.run("tx", "delivery", "x")).code).toBe(2);
  expect((await world.run("tx", "delivery", "00".repeat(16), "--watch")).code).toBe(2);
});
