import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { fromHex, toHex } from "@countersign/protocol";
import fc from "fast-check";
import { encodeMessage, MAX_MESSAGE, parseReport } from "./report.ts";
import { Reassembler } from "./reassembler.ts";

type Vectors = {
  readonly channel: number;
  readonly accept: { name: string; channel: number; command: number; payload: string; reports: string[] }[];
  readonly reject: { name: string; reports: string[]; because: string }[];
  readonly passedOver: { name: string; reports: string[] }[];
};

const vectors = JSON.parse(readFileSync(new URL("../vectors/framing.json", import.meta.url), "utf8")) as Vectors;

describe("vectors/framing.json", () => {
  test.each(vectors.accept)("cuts $name", ({ channel, command, payload, reports }) => {
    expect(encodeMessage(channel, command, fromHex(payload)).map(toHex)).toEqual(reports);
  });

  test.each(vectors.accept)("puts $name together", ({ channel, command, payload, reports }) => {
    const messages = new Reassembler(channel);
    const got = reports.map((report) => messages.accept(fromHex(report))).filter((message) => message !== undefined);
    expect(got.map((message) => [message.command, toHex(message.payload)])).toEqual([[command, payload]]);
  });

  test.each(vectors.reject)("refuses $name", ({ reports, because }) => {
    const messages = new Reassembler(vectors.channel);
    const feed = (): void => reports.forEach((report) => messages.accept(fromHex(report)));
    expect(feed).toThrow(expect.objectContaining({ name: "FramingError", code: because }));
    expect(messages.busy).toBe(false);
  });

  test.each(vectors.passedOver)("passes over $name", ({ reports }) => {
    const messages = new Reassembler(vectors.channel);
    expect(reports.map((report) => messages.accept(fromHex(report)))).toEqual(reports.map(() => undefined));
    expect(messages.busy).toBe(false);
  });
});

test("D12: a message over 1768 bytes is refused before the first report", () => {
  expect(() => encodeMessage(1, 1, new Uint8Array(MAX_MESSAGE + 1))).toThrow(
    expect.objectContaining({ code: "too-long" }),
  );
});

test("refuses a command outside 0 to 127", () => {
  for (const command of [-1, 128, 1.5]) {
    expect(() => encodeMessage(1, command, new Uint8Array(0))).toThrow(
      expect.objectContaining({ code: "bad-command" }),
    );
  }
});

test("every message up to 1768 bytes survives the way, between reports of other channels", () => {
  const message = fc.record({
    channel: fc.integer({ min: 1, max: 0xfffffffe }),
    command: fc.integer({ min: 0, max: 127 }),
    payload: fc.uint8Array({ maxLength: MAX_MESSAGE }),
  });
  fc.assert(
    fc.property(message, fc.uint8Array({ maxLength: 200 }), ({ channel, command, payload }, noise) => {
      const messages = new Reassembler(channel);
      const foreign = encodeMessage(channel ^ 0x80000000, 1, noise);
      const reports = encodeMessage(channel, command, payload).flatMap((report) => [...foreign, report]);
      const got = reports.map((report) => messages.accept(report)).find((each) => each !== undefined);
      expect(got).toEqual({ command, payload });
    }),
  );
});

function lengthOrError(messages: Reassembler, report: Uint8Array): number | string {
  try {
    return messages.accept(report)?.payload.length ?? 0;
  } catch (cause) {
    return cause instanceof Error ? cause.name : "not even an error";
  }
}

test("threat 18: no bytes whatever make the reassembler do more than throw FramingError", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 60, maxLength: 66 }), { maxLength: 40 }), (reports) => {
      const messages = new Reassembler(0x01020304);
      const outcomes = reports.map((report) => {
        const mine = report.length === 64 ? Uint8Array.from([1, 2, 3, 4, ...report.slice(4)]) : report;
        return lengthOrError(messages, mine);
      });
      expect(outcomes.filter((each) => each !== "FramingError" && !(Number(each) <= MAX_MESSAGE))).toEqual([]);
    }),
  );
});

test("a report that is taken apart names channel, command and length", () => {
  const [report] = encodeMessage(0xfffffffe, 0x59, Uint8Array.of(1, 2, 3));
  expect(parseReport(report ?? new Uint8Array(0))).toMatchObject({
    type: "first",
    channel: 0xfffffffe,
    command: 0x59,
    length: 3,
  });
});
