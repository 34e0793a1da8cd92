import { Answer, AnswerType, type AttachRequest } from "@countersign/proto/node/channel/v1/channel_service";
import { status } from "@grpc/grpc-js";
import { beforeEach, expect, test } from "@jest/globals";
import type { LogEvent } from "../log.ts";
import { ManualTimer } from "../testing/manual-timer.ts";
import { EventDesk, type BotEvent } from "./event-desk.ts";
import { Session } from "./session.ts";

let written: AttachRequest["event"][];
let logged: LogEvent[];
let desk: EventDesk;

const event = (eventId: string): BotEvent => ({
  $case: "veto",
  value: { eventId, fence: 0n, peerId: "1", actionRef: "r", tag: "", reason: 1 },
});
const session = (fence: bigint): Session =>
  new Session({ fence, leaseMs: 1000 }, ({ event: one }) => void written.push(one), new ManualTimer());

beforeEach(() => {
  written = [];
  logged = [];
  desk = new EventDesk({ write: (one) => void logged.push(one) });
});

test("an event is written under the fence of the stream that takes it, and again on the next until answered", async () => {
  const answer = desk.ask(event("e1"));
  desk.attached(session(7n));
  desk.detached(status.UNAVAILABLE);
  desk.attached(session(8n));
  expect(written.map((one) => one?.$case === "veto" && one.value.fence)).toEqual([7n, 8n]);
  desk.answered(Answer.create({ eventId: "e1", type: AnswerType.TOO_LATE }));
  expect(await answer).toMatchObject({ type: AnswerType.TOO_LATE });
  desk.attached(session(9n));
  expect(written).toHaveLength(2);
});

test("the same event id asked twice is one event", async () => {
  desk.attached(session(1n));
  const both = [desk.ask(event("e1")), desk.ask(event("e1"))];
  expect(written).toHaveLength(1);
  desk.answered(Answer.create({ eventId: "e1" }));
  await Promise.all(both);
});

test("an answer to nothing is nothing", () => {
  desk.answered(Answer.create({ eventId: "never asked" }));
  expect(written).toEqual([]);
});

test("an event under way at three refusals of the stream is given up; outages count for nothing", async () => {
  const answer = desk.ask(event("e1"));
  for (const code of [3, 14, 14, 14, 3, 3]) {
    desk.attached(session(1n));
    desk.detached(code);
  }
  expect(await answer).toMatchObject({ type: AnswerType.UNSPECIFIED });
  expect(logged).toEqual([{ event: "event-dropped", kind: "veto" }]);
});

test("a gone chat settles once written: the core answers nothing", async () => {
  const gone = desk.ask({ $case: "peerGone", value: { eventId: "e2", fence: 0n, peerId: "1", reason: "" } });
  desk.attached(session(1n));
  await gone;
  expect(written).toHaveLength(1);
});
