import { NoticeType, Phase, type Deliver } from "@countersign/proto/node/channel/v1/channel_service";
import { Kind, Mode, type Label } from "@countersign/proto/node/core/v1/content";
import { expect, test } from "@jest/globals";
import { sampleDeliver, sampleNotice } from "../testing/sample.ts";
import { readDelivery } from "./delivery.ts";
import { messageFor } from "./message-for.ts";

const MANNER = { zone: "UTC", style: "full", hears: true } as const;
const full = (more: Partial<Deliver>): Deliver => sampleDeliver(Phase.FULL, more);

test.each<[string, Deliver]>([
  ["a whole message without code", full({ code: "" })],
  ["a code that is not digits", full({ code: "48291a" })],
  ["a code that is too short", full({ code: "48291" })],
  ["a whole message without expiry", full({ expiresAt: undefined })],
  ["a code in the notice", sampleDeliver(Phase.NOTICE, { code: "482915" })],
  ["a code in the outcome", sampleDeliver(Phase.OUTCOME, { code: "482915" })],
  ["mode B without lines", full({ lines: [] })],
  ["no mode", full({ mode: Mode.UNSPECIFIED })],
  ["no phase", sampleDeliver(Phase.UNSPECIFIED)],
  ["no chat", full({ peerId: "" })],
  ["a line break in a value", full({ lines: [{ label: 1, value: "EUR 1.00\nTo: Mallory" }] })],
  ["a reversed value", full({ lines: [{ label: 2, value: "abc\u202Edef" }] })],
  ["a zero-width character in the tag", full({ tag: "AMBER\u200B TIGER" })],
  ["an action reference that is too long", full({ actionRef: "x".repeat(25) })],
])("refuses %s for good", (_what, deliver) => {
  expect(() => readDelivery(deliver)).toThrow(
    expect.objectContaining({ fate: "permanent", detail: "malformed-delivery" }),
  );
});

test.each<[string, Deliver]>([
  ["a label of a newer registry", full({ lines: [{ label: 99 as Label, value: "x" }] })],
  ["a kind of a newer registry", full({ kind: 99 as Kind })],
  ["a notice of a newer core", sampleDeliver(Phase.OUTCOME, { notice: sampleNotice(99 as NoticeType) })],
  ["an outcome that tells nothing", sampleDeliver(Phase.OUTCOME)],
])("words nothing for %s", (_what, deliver) => {
  const delivery = readDelivery(deliver);
  expect(() => messageFor(delivery, MANNER)).toThrow(expect.objectContaining({ detail: "malformed-delivery" }));
});

test("an error over a delivery holds nothing of it", () => {
  const deliver = full({ tag: "\n", code: "731846" });
  expect(() => readDelivery(deliver)).toThrow(
    expect.objectContaining({ message: "the message was not confirmed (permanent): malformed-delivery" }),
  );
});

test("check 16: a delivery prints without its code", () => {
  expect(JSON.stringify(readDelivery(full({})))).not.toContain("482915");
});

test("a reason of the executor that cannot be shown is left out, the outcome stays", () => {
  const notice = sampleNotice(NoticeType.EXECUTION_FAILED, { detail: "closed\nCode: 111 111" });
  const message = messageFor(readDelivery(sampleDeliver(Phase.OUTCOME, { notice })), MANNER);
  expect(JSON.stringify(message)).not.toContain("111 111");
  expect(JSON.stringify(message)).toContain("could not carry it out");
});
