import { describe, expect, test } from "@jest/globals";
import {
  BROADCAST,
  decodeInitAnswer,
  encodeMessage,
  HidCommand,
  HidError,
  MAX_MESSAGE,
  Status,
  Subcommand,
  WaitsFor,
} from "@countersign/key-protocol";
import fc from "fast-check";
import { Bench, presentRequest, readyBench } from "../testing/bench.ts";

const { PING, INIT, CANCEL, ERROR, WINK, COUNTERSIGN } = HidCommand;

function bytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 7 + 3) % 256);
}

function ping(channel: number, length: number): Uint8Array[] {
  return encodeMessage(channel, PING, bytes(length));
}

function errorOf(bench: Bench): { channel: number; error: number | undefined } {
  const { command, channel, payload } = bench.last();
  expect(command).toBe(ERROR);
  return { channel, error: payload[0] };
}

// A first report that lies about its length; encodeMessage would refuse to make it.
function firstWithLength(channel: number, length: number): Uint8Array {
  const [report] = encodeMessage(channel, PING, bytes(1));
  const lying = new Uint8Array(report ?? new Uint8Array(64));
  lying.set([length >> 8, length & 0xff], 5);
  return lying;
}

describe("the classic CTAPHID cases", () => {
  test("HID 01: INIT on the broadcast channel gives a channel, its nonce, protocol 2 and 17 bytes", () => {
    const bench = new Bench();
    bench.send(...encodeMessage(BROADCAST, INIT, bytes(8)));
    const { channel, payload } = bench.last();
    const answer = decodeInitAnswer(payload);
    expect(channel).toBe(BROADCAST);
    expect(payload).toHaveLength(17);
    expect(payload[12]).toBe(2);
    expect(answer.nonce).toEqual(bytes(8));
    expect([0, BROADCAST]).not.toContain(answer.channel);
  });

  test("HID 02: each INIT on the broadcast channel gives another channel", () => {
    const bench = new Bench();
    expect(new Set(Array.from({ length: 50 }, () => bench.open())).size).toBe(50);
  });

  test.each([0, 1, 57, 58, 116, 117, 1024, MAX_MESSAGE])("HID 03: a PING of %i bytes comes back", (length) => {
    const bench = new Bench();
    bench.send(...ping(bench.open(), length));
    expect(bench.last()).toMatchObject({ command: PING, payload: bytes(length) });
  });

  test.each([MAX_MESSAGE + 1, 7609, 65535])("HID 04: a length of %i is refused at the first report", (length) => {
    const bench = new Bench();
    const channel = bench.open();
    bench.send(firstWithLength(channel, length));
    expect(errorOf(bench)).toEqual({ channel, error: HidError.INVALID_LENGTH });
    bench.send(...ping(channel, 3));
    expect(bench.last().command).toBe(PING);
  });

  test("HID 05: a skipped sequence number ends the message with INVALID_SEQUENCE", () => {
    const bench = new Bench();
    const channel = bench.open();
    const [first, , second] = ping(channel, 200);
    bench.send(...[first, second].filter((report) => report !== undefined));
    expect(errorOf(bench)).toEqual({ channel, error: HidError.INVALID_SEQUENCE });
  });

  test("HID 06: a repeated report ends the message with INVALID_SEQUENCE", () => {
    const bench = new Bench();
    const channel = bench.open();
    const [first, second] = ping(channel, 200);
    bench.send(...[first, second, second].filter((report) => report !== undefined));
    expect(errorOf(bench)).toEqual({ channel, error: HidError.INVALID_SEQUENCE });
  });

  test("HID 07: a second first report on the same channel ends the message with INVALID_SEQUENCE", () => {
    const bench = new Bench();
    const channel = bench.open();
    const [first] = ping(channel, 200);
    bench.send(...[first, first].filter((report) => report !== undefined));
    expect(errorOf(bench)).toEqual({ channel, error: HidError.INVALID_SEQUENCE });
  });

  test("HID 08: another channel in the middle of a message gets BUSY, and the message goes on", () => {
    const bench = new Bench();
    const [one, two] = [bench.open(), bench.open()];
    const [first, ...rest] = ping(one, 200);
    bench.send(...[first].filter((report) => report !== undefined), ...ping(two, 3));
    expect(errorOf(bench)).toEqual({ channel: two, error: HidError.CHANNEL_BUSY });
    bench.send(...rest);
    expect(bench.last()).toMatchObject({ channel: one, command: PING, payload: bytes(200) });
  });

  test("HID 09: continuations of another channel are passed over", () => {
    const bench = new Bench();
    const [one, two] = [bench.open(), bench.open()];
    const [first, ...rest] = ping(one, 200);
    const [, ...foreign] = ping(two, 200);
    const heard = bench.heard.length;
    bench.send(...[first].filter((report) => report !== undefined), ...foreign);
    expect(bench.heard).toHaveLength(heard);
    bench.send(...rest);
    expect(bench.last()).toMatchObject({ channel: one, payload: bytes(200) });
  });

  test("HID 10: channel 0 is reserved", () => {
    const bench = new Bench();
    bench.send(...ping(0, 3));
    expect(errorOf(bench)).toEqual({ channel: 0, error: HidError.INVALID_CHANNEL });
    bench.send(...encodeMessage(0, INIT, bytes(8)));
    expect(errorOf(bench)).toEqual({ channel: 0, error: HidError.INVALID_CHANNEL });
  });

  test("HID 11: the broadcast channel takes INIT alone", () => {
    const bench = new Bench();
    bench.send(...ping(BROADCAST, 3));
    expect(errorOf(bench)).toEqual({ channel: BROADCAST, error: HidError.INVALID_CHANNEL });
  });

  test("HID 12: a channel that was never given is refused", () => {
    const bench = new Bench();
    const channel = (bench.open() ^ 0x00010000) >>> 0;
    bench.send(...ping(channel, 3));
    expect(errorOf(bench)).toEqual({ channel, error: HidError.INVALID_CHANNEL });
  });

  test("HID 13: a message whose next report is 500 ms late ends with MESSAGE_TIMEOUT; its rest is passed over", () => {
    const bench = new Bench();
    const channel = bench.open();
    const [first, ...rest] = ping(channel, 200);
    bench.send(...[first].filter((report) => report !== undefined));
    bench.pass(499);
    const heard = bench.heard.length;
    bench.pass(1);
    expect(bench.heard).toHaveLength(heard + 1);
    expect(errorOf(bench)).toEqual({ channel, error: HidError.MESSAGE_TIMEOUT });
    bench.send(...rest);
    expect(bench.heard).toHaveLength(heard + 1);
    bench.send(...ping(channel, 3));
    expect(bench.last().command).toBe(PING);
  });

  test("HID 14: INIT on a live channel in the middle of a message resyncs it and keeps the channel", () => {
    const bench = new Bench();
    const channel = bench.open();
    const [first, ...rest] = ping(channel, 200);
    bench.send(...[first].filter((report) => report !== undefined), ...encodeMessage(channel, INIT, bytes(8)));
    expect(bench.last()).toMatchObject({ channel, command: INIT });
    expect(decodeInitAnswer(bench.last().payload).channel).toBe(channel);
    const heard = bench.heard.length;
    bench.send(...rest);
    expect(bench.heard).toHaveLength(heard);
    bench.send(...ping(channel, 3));
    expect(bench.last().command).toBe(PING);
  });

  test("HID 15: INIT of another program does not disturb the message of this one", () => {
    const bench = new Bench();
    const channel = bench.open();
    const [first, ...rest] = ping(channel, 200);
    bench.send(...[first].filter((report) => report !== undefined));
    bench.open();
    bench.send(...rest);
    expect(bench.last()).toMatchObject({ channel, command: PING, payload: bytes(200) });
  });

  test("HID 16: INIT of another length is refused", () => {
    const bench = new Bench();
    for (const length of [0, 7, 9]) {
      bench.send(...encodeMessage(BROADCAST, INIT, bytes(length)));
      expect(errorOf(bench)).toEqual({ channel: BROADCAST, error: HidError.INVALID_LENGTH });
    }
  });

  test("HID 17: a continuation of nothing and a CANCEL of nothing are passed over", () => {
    const bench = new Bench();
    const channel = bench.open();
    const heard = bench.heard.length;
    bench.send(...ping(channel, 200).slice(1), ...encodeMessage(channel, CANCEL, new Uint8Array(0)));
    expect(bench.heard).toHaveLength(heard);
  });

  test("HID 18: unknown commands are refused; WINK is answered", () => {
    const bench = new Bench();
    const channel = bench.open();
    for (const command of [0x02, HidCommand.MSG, HidCommand.CBOR, 0x43, 0x7f]) {
      bench.send(...encodeMessage(channel, command, bytes(1)));
      expect(errorOf(bench)).toEqual({ channel, error: HidError.INVALID_COMMAND });
    }
    bench.send(...encodeMessage(channel, WINK, new Uint8Array(0)));
    expect(bench.last()).toMatchObject({ command: WINK, payload: new Uint8Array(0) });
  });
});

describe("while a request is open", () => {
  test("keepalives come every 100 ms and say what the key waits for", () => {
    const { bench, keyId } = readyBench();
    const channel = bench.open();
    bench.waited.length = 0;
    bench.request(channel, presentRequest(keyId));
    const before = bench.reports.length;
    for (let at = 0; at < 10; at++) bench.pass(100);
    expect(bench.reports.length - before).toBe(10);
    expect(bench.waited).toEqual([WaitsFor.PAGING]);
  });

  test("other channels get BUSY and change nothing", () => {
    const { bench, keyId } = readyBench();
    const [mine, theirs] = [bench.open(), bench.open()];
    bench.request(mine, presentRequest(keyId));
    bench.request(theirs, { subcommand: Subcommand.GET_INFO });
    expect(errorOf(bench)).toEqual({ channel: theirs, error: HidError.CHANNEL_BUSY });
    bench.send(...encodeMessage(theirs, CANCEL, new Uint8Array(0)));
    expect(bench.page()).toBe("pages");
  });

  test("threat 24: a host that resends during a prompt gets BUSY and nothing is signed", () => {
    const { bench, keyId } = readyBench();
    const channel = bench.open();
    bench.request(channel, presentRequest(keyId));
    const shown = bench.rows();
    bench.request(channel, presentRequest(keyId, { txId: new Uint8Array(16).fill(1) }));
    expect(errorOf(bench)).toEqual({ channel, error: HidError.CHANNEL_BUSY });
    expect(bench.rows()).toEqual(shown);
    expect(bench.store.load()?.credentials[0]?.counter).toBe(0);
  });

  test.each([
    ["CANCEL", (channel: number) => encodeMessage(channel, CANCEL, new Uint8Array(0))],
    ["subcommand 04", (channel: number) => encodeMessage(channel, COUNTERSIGN, Uint8Array.of(Subcommand.CANCEL))],
  ])("%s ends it with status 0A and nothing is signed", (_name, reports) => {
    const { bench, keyId } = readyBench();
    const channel = bench.open();
    bench.request(channel, presentRequest(keyId));
    bench.send(...reports(channel));
    expect(bench.answer().status).toBe(Status.CANCELLED);
    expect(bench.page()).toBe("idle");
    expect(bench.store.load()?.credentials[0]?.counter).toBe(0);
  });

  test("INIT on its channel ends it without an answer", () => {
    const { bench, keyId } = readyBench();
    const channel = bench.open();
    bench.request(channel, presentRequest(keyId));
    bench.send(...encodeMessage(channel, INIT, bytes(8)));
    expect(bench.last().command).toBe(INIT);
    const heard = bench.heard.length;
    bench.press("next", "next", "next", "next");
    bench.pass(1000);
    expect(bench.heard).toHaveLength(heard);
    expect(bench.page()).toBe("idle");
  });

  test("D10: after a replug old channels are dead", () => {
    const bench = new Bench();
    const channel = bench.open();
    bench.replug();
    bench.send(...ping(channel, 3));
    expect(errorOf(bench)).toEqual({ channel, error: HidError.INVALID_CHANNEL });
  });
});

test("threat 18: no reports whatever make the key throw, sign or forget how to answer", () => {
  const { bench, keyId } = readyBench();
  const channel = bench.open();
  const report = fc.uint8Array({ minLength: 64, maxLength: 64 });
  const ours = report.map((each) =>
    Uint8Array.from([...new Uint8Array(new Uint32Array([channel]).buffer).toReversed(), ...each.slice(4)]),
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(report, ours), { maxLength: 20 }), (reports) => {
      bench.send(...reports);
      bench.pass(600);
    }),
    { numRuns: 300 },
  );
  bench.pass(200_000);
  bench.pass(200_000);
  const fresh = bench.open();
  bench.send(...ping(fresh, 1768));
  expect(bench.last()).toMatchObject({ channel: fresh, command: PING });
  expect(bench.store.load()?.credentials.find((held) => held.keyId === keyId)?.counter).toBe(0);
});
