import { expect, test } from "@jest/globals";
import { FramingError } from "../framing-error.ts";
import { Reassembler } from "../reassembler.ts";
import { parseReport, REPORT_SIZE } from "../report.ts";
import { type MutatedReport, MUTATIONS, ReportMutator } from "./report-mutator.ts";

const CHANNELS = [0x11223344, 0x55667788];

function draw(seed: number, count: number): readonly MutatedReport[] {
  const mutator = new ReportMutator({ seed, channels: () => CHANNELS });
  return Array.from({ length: count }, () => mutator.next());
}

test("the same seed gives the same reports, another one others", () => {
  expect(draw(7, 500)).toEqual(draw(7, 500));
  expect(draw(7, 500)).not.toEqual(draw(8, 500));
});

test("every mutation occurs, and every kind of harm: order, length, channel, sequence, size, lateness", () => {
  const drawn = draw(1, 20_000);
  expect(new Set(drawn.map(({ mutation }) => mutation))).toEqual(new Set(MUTATIONS));
  expect(drawn.some(({ late }) => late)).toBe(true);
  expect(drawn.some(({ report }) => report.length !== REPORT_SIZE)).toBe(true);
  expect(drawn.some(({ report }) => report.length === REPORT_SIZE && parseReport(report).channel === 0)).toBe(true);
});

test("threat 18: a reassembler gets whole messages, every framing error and nothing else out of 100 000 reports", () => {
  const messages = new Reassembler(CHANNELS[0] ?? 0);
  const codes = new Set<string>();
  let whole = 0;
  for (const { report } of draw(3, 100_000)) {
    try {
      if (messages.accept(report) !== undefined) whole++;
    } catch (cause) {
      if (!(cause instanceof FramingError)) throw cause;
      codes.add(cause.code);
    }
  }
  expect(whole).toBeGreaterThan(1000);
  expect(codes).toEqual(new Set(["report-size", "too-long", "bad-sequence", "unexpected-first"]));
});
