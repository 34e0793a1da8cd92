import { describe, expect, test } from "@jest/globals";
import { decodeSigned, encodeMessage, encodeRequest, HidCommand, Status, Subcommand } from "@countersign/key-protocol";
import { decodeStatement, type Statement, parseSigned } from "@countersign/protocol";
import { type Bench, PIN, presentRequest, readyBench } from "../testing/bench.ts";

function statementOf(bench: Bench): Statement {
  const answer = bench.answer();
  if (!("body" in answer)) throw new Error(`status ${answer.status}`);
  return decodeStatement(parseSigned(decodeSigned(answer.body)).payload);
}

function supply(bench: Bench, channel: number, code: string): void {
  bench.send(
    ...encodeMessage(channel, HidCommand.COUNTERSIGN, encodeRequest({ subcommand: Subcommand.SUPPLY_CODE, code })),
  );
}

describe("a key without display", () => {
  test("claim 06: PIN and code by the lights alone; shown = nothing, codeEntry = key", () => {
    const { bench, keyId } = readyBench({ display: false });
    bench.request(bench.open(), presentRequest(keyId));
    expect(bench.key.screen()).toEqual({ page: "pin", rows: [], lights: { pin: true, code: false, busy: true } });
    bench.type(PIN);
    expect(bench.key.screen().lights).toEqual({ pin: false, code: true, busy: true });
    bench.type("482915");
    expect(statementOf(bench)).toMatchObject({ decision: 1, shown: 0, codeEntry: 1, userVerification: 1 });
    expect(bench.key.screen().lights).toEqual({ pin: false, code: false, busy: false });
  });

  test("claim 10: a reject takes button, reason, OK and no PIN", () => {
    const { bench, keyId } = readyBench({ display: false });
    bench.request(bench.open(), presentRequest(keyId));
    bench.press("reject", "4", "ok");
    expect(statementOf(bench)).toMatchObject({ decision: 2, reason: 4, shown: 0, userVerification: 0 });
  });

  test("content is checked all the same", () => {
    const { bench, keyId } = readyBench({ display: false });
    bench.request(bench.open(), presentRequest(keyId, { content: Uint8Array.of(0xa0) }));
    expect(bench.answer().status).not.toBe(Status.OK);
  });

  test("claim 11: command 0B is refused: the code is typed", () => {
    const { bench, keyId } = readyBench({ display: false });
    const channel = bench.open();
    bench.request(channel, presentRequest(keyId));
    bench.type(PIN);
    supply(bench, channel, "482915");
    expect(bench.answer()).toEqual({ answers: Subcommand.SUPPLY_CODE, status: Status.NOT_ALLOWED });
    expect(bench.page()).toBe("code");
  });
});

describe("a full key", () => {
  test("claim 11: command 0B is refused on every page, the code page too", () => {
    const { bench, keyId } = readyBench();
    const channel = bench.open();
    supply(bench, channel, "482915");
    expect(bench.answer().status).toBe(Status.NOT_ALLOWED);
    bench.request(channel, presentRequest(keyId));
    for (const step of [() => bench.press("next", "next", "next", "next"), () => bench.type(PIN), () => undefined]) {
      supply(bench, channel, "482915");
      expect(bench.answer()).toEqual({ answers: Subcommand.SUPPLY_CODE, status: Status.NOT_ALLOWED });
      step();
    }
    expect(bench.page()).toBe("code");
    expect(bench.rows()[2]).toContain("_ _ _ _ _ _");
  });
});

describe("a key with display and no keypad", () => {
  const noKeypad = { keypad: false, finger: true } as const;

  test("claim 11: command 0B is taken on the open code page only, and the statement says codeEntry = host", () => {
    const { bench, keyId } = readyBench(noKeypad);
    const channel = bench.open();
    bench.request(channel, presentRequest(keyId));
    supply(bench, channel, "482915");
    expect(bench.answer()).toEqual({ answers: Subcommand.SUPPLY_CODE, status: Status.NOT_ALLOWED });
    bench.press("next", "next", "next", "next");
    expect(bench.page()).toBe("finger");
    supply(bench, channel, "482915");
    expect(bench.answer().status).toBe(Status.NOT_ALLOWED);
    bench.input({ type: "finger", match: true });
    expect(bench.rows()[1]).toContain("typed on the PC");
    supply(bench, channel, "482915");
    bench.tick();
    bench.tick();
    expect(bench.heard.slice(-2).map(({ payload }) => payload[0])).toEqual([Status.OK, Status.OK]);
    expect(statementOf(bench)).toMatchObject({ decision: 1, shown: 1, codeEntry: 0, userVerification: 2 });
  });

  test("claim 11: another channel cannot supply the code", () => {
    const { bench, keyId } = readyBench(noKeypad);
    const [mine, theirs] = [bench.open(), bench.open()];
    bench.request(mine, presentRequest(keyId));
    bench.press("next", "next", "next", "next");
    bench.input({ type: "finger", match: true });
    supply(bench, theirs, "000000");
    expect(bench.last()).toMatchObject({ channel: theirs, command: HidCommand.ERROR });
    expect(bench.page()).toBe("code");
  });

  test("claim 10: five wrong fingers end it, and nothing is signed", () => {
    const { bench, keyId } = readyBench(noKeypad);
    bench.request(bench.open(), presentRequest(keyId));
    bench.press("next", "next", "next", "next");
    for (let at = 0; at < 5; at++) bench.input({ type: "finger", match: false });
    expect(bench.answer().status).toBe(Status.NOT_ALLOWED);
    expect(bench.store.load()?.credentials[0]?.counter).toBe(0);
  });
});
