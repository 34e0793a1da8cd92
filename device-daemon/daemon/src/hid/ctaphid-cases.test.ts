import { describe, expect, test } from "@jest/globals";
import {
  BROADCAST,
  encodeInitAnswer,
  encodeKeepalive,
  encodeMessage,
  HidCommand,
  HidError,
  MAX_MESSAGE,
  parseReport,
  Reassembler,
  WaitsFor,
} from "@countersign/key-protocol";
import { HidBus } from "./hid-bus.ts";
import { HidChannel } from "./hid-channel.ts";
import type { HidTransport } from "./hid-transport.ts";

// The cases that public suites run against keys (INIT, oversize, sequence, channels, busy, time-out, cancel, keepalive),
// turned round: here the key is the one that misbehaves, and the host is what is tested.

const { PING, INIT, CANCEL, CBOR, KEEPALIVE, ERROR } = HidCommand;
const GIVEN = 0x0a0b0c0d;
const BUSY = { total: 200_000, first: 5, most: 20 };
const never = { signal: new AbortController().signal };

interface Heard {
  readonly channel: number;
  readonly command: number;
  readonly payload: Uint8Array;
}

/** A key whose every answer is the test's. */
class Key implements HidTransport {
  readonly name = "key";
  readonly heard: Heard[] = [];
  readonly #messages = new Map<number, Reassembler>();
  readonly #answer: (heard: Heard, key: Key) => void;
  #onReport: (report: Uint8Array) => void = () => undefined;
  #onClose: () => void = () => undefined;

  constructor(answer: (heard: Heard, key: Key) => void) {
    this.#answer = answer;
  }

  async write(report: Uint8Array): Promise<void> {
    const { channel } = parseReport(report);
    const messages = this.#messages.get(channel) ?? new Reassembler(channel);
    this.#messages.set(channel, messages);
    const message = messages.accept(report);
    if (message === undefined) return;
    const heard = { ...message, channel };
    this.heard.push(heard);
    queueMicrotask(() => this.#answer(heard, this));
  }

  onReport(listener: (report: Uint8Array) => void): void {
    this.#onReport = listener;
  }

  onClose(listener: () => void): void {
    this.#onClose = listener;
  }

  close(): void {
    this.#onClose();
  }

  say(command: number, payload: Uint8Array, channel: number): void {
    for (const report of encodeMessage(channel, command, payload)) this.sayRaw(report);
  }

  sayRaw(report: Uint8Array): void {
    this.#onReport(report);
  }

  greet({ payload, channel }: Heard, given = channel === BROADCAST ? GIVEN : channel): void {
    this.say(INIT, encodeInitAnswer({ nonce: payload, channel: given, version: [1, 0, 0], capabilities: 4 }), channel);
  }

  error(error: number, channel: number): void {
    this.say(ERROR, Uint8Array.of(error), channel);
  }

  commands(): readonly number[] {
    return this.heard.map(({ command }) => command);
  }
}

function openOn(answer: (heard: Heard, key: Key) => void): { key: Key; opening: Promise<HidChannel> } {
  const key = new Key((heard, me) => (heard.command === INIT ? me.greet(heard) : answer(heard, me)));
  return { key, opening: HidChannel.open(new HidBus(key), BUSY) };
}

const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => at % 256);

describe("INIT", () => {
  test("HID host 01: an answer with another nonce, on another channel or with a reserved channel is not ours", async () => {
    const key = new Key((heard, me) => {
      me.greet({ ...heard, payload: bytes(8) });
      me.greet({ ...heard, channel: 0x11111111 }, GIVEN + 1);
      me.greet(heard, 0);
      me.greet(heard, BROADCAST);
      me.greet(heard, GIVEN);
    });
    const channel = await HidChannel.open(new HidBus(key), BUSY);
    const asking = new AbortController();
    const asked = channel.ask(PING, bytes(3), { signal: asking.signal }).catch(() => undefined);
    while (key.heard.length < 2) await new Promise((resolve) => setImmediate(resolve));
    asking.abort();
    await asked;
    expect(key.heard.at(1)).toMatchObject({ command: PING, channel: GIVEN });
  });

  test("HID host 02: an answer that is longer, as later versions may send, is taken", async () => {
    const key = new Key((heard, me) => {
      const answer = encodeInitAnswer({
        nonce: heard.payload,
        channel: GIVEN,
        version: [9, 9, 9],
        capabilities: 0xff,
      });
      me.say(INIT, Uint8Array.of(...answer, 1, 2, 3), BROADCAST);
    });
    await expect(HidChannel.open(new HidBus(key), BUSY)).resolves.toBeInstanceOf(HidChannel);
  });

  test("HID host 03: a short answer is none; after three the key counts as gone", async () => {
    const key = new Key((heard, me) => me.say(INIT, heard.payload, BROADCAST));
    await expect(HidChannel.open(new HidBus(key), BUSY)).rejects.toMatchObject({ fault: "left" });
    expect(key.commands()).toEqual([INIT, INIT, INIT]);
  });
});

describe("messages", () => {
  test.each([0, 1, 57, 58, 116, 117, 1024, MAX_MESSAGE])(
    "HID host 04: a PING of %i bytes comes back",
    async (length) => {
      const { opening } = openOn(({ command, payload, channel }, key) => key.say(command, payload, channel));
      expect(await (await opening).ask(PING, bytes(length), never)).toEqual(bytes(length));
    },
  );

  test.each([MAX_MESSAGE + 1, 7609, 7610, 0xffff])("HID host 05: an answer of %i bytes is refused", async (length) => {
    const { key, opening } = openOn(({ channel }, me) => {
      const [report] = encodeMessage(channel, PING, bytes(57));
      const lying = new Uint8Array(report ?? new Uint8Array(64));
      new DataView(lying.buffer).setUint16(5, length);
      me.sayRaw(lying);
    });
    await expect((await opening).ask(PING, bytes(3), never)).rejects.toMatchObject({ fault: "garbled" });
    expect(key.commands()).toEqual([INIT, PING, INIT]);
  });

  test.each([0, 1, 63, 65, 128])("HID host 06: a report of %i bytes is no report", async (size) => {
    const { opening } = openOn((_heard, key) => key.sayRaw(new Uint8Array(size)));
    await expect((await opening).ask(PING, bytes(3), never)).rejects.toMatchObject({ fault: "garbled" });
  });

  test("HID host 07: messages of other channels between the reports of an answer do not disturb it", async () => {
    const { opening } = openOn(({ command, payload, channel }, key) => {
      for (const report of encodeMessage(channel, command, payload)) {
        key.say(PING, bytes(100), channel + 1);
        key.say(ERROR, Uint8Array.of(HidError.OTHER), BROADCAST);
        key.say(KEEPALIVE, Uint8Array.of(2), 0);
        key.sayRaw(report);
      }
    });
    expect(await (await opening).ask(PING, bytes(300), never)).toEqual(bytes(300));
  });

  test("HID host 08: a continuation of nothing, and an answer to another command, are passed over", async () => {
    const { opening } = openOn(({ command, payload, channel }, key) => {
      const [, next] = encodeMessage(channel, PING, bytes(100));
      key.sayRaw(next ?? new Uint8Array(64));
      key.say(CBOR, bytes(5), channel);
      key.say(command, payload, channel);
    });
    expect(await (await opening).ask(PING, bytes(3), never)).toEqual(bytes(3));
  });
});

describe("busy, time-out, cancel, keepalive, wrong channel", () => {
  test("HID host 09: CHANNEL_BUSY says that nothing was begun: asked again, and no INIT", async () => {
    let left = 2;
    const { key, opening } = openOn(({ command, payload, channel }, me) => {
      if (left-- > 0) me.error(HidError.CHANNEL_BUSY, channel);
      else me.say(command, payload, channel);
    });
    await (await opening).ask(PING, bytes(3), never);
    expect(key.commands()).toEqual([INIT, PING, PING, PING]);
  });

  test("HID host 10: CHANNEL_BUSY for another channel is not for us", async () => {
    const { key, opening } = openOn(({ command, payload, channel }, me) => {
      me.error(HidError.CHANNEL_BUSY, channel + 1);
      me.say(command, payload, channel);
    });
    await (await opening).ask(PING, bytes(3), never);
    expect(key.commands()).toEqual([INIT, PING]);
  });

  test.each([HidError.MESSAGE_TIMEOUT, HidError.INVALID_SEQUENCE, HidError.INVALID_LENGTH, 0x42])(
    "HID host 11: error %i ends the request with INIT, unrepeated",
    async (error) => {
      const { key, opening } = openOn(({ channel }, me) => me.error(error, channel));
      await expect((await opening).ask(CBOR, bytes(3), never)).rejects.toMatchObject({ fault: "garbled" });
      expect(key.commands()).toEqual([INIT, CBOR, INIT]);
    },
  );

  test("HID host 12: half an answer and then nothing ends after a second", async () => {
    const { key, opening } = openOn(({ command, channel }, me) => {
      me.sayRaw(encodeMessage(channel, command, bytes(200))[0] ?? new Uint8Array(64));
    });
    await expect((await opening).ask(PING, bytes(3), never)).rejects.toMatchObject({ fault: "garbled" });
    expect(key.commands()).toEqual([INIT, PING, INIT]);
  });

  test("HID host 13: CANCEL goes out once, on the request's channel, with no payload; the answer 2D ends it", async () => {
    const caller = new AbortController();
    const { key, opening } = openOn(({ command, channel }, me) => {
      if (command === CBOR) caller.abort(new Error("gone"));
      if (command === CANCEL) me.say(CBOR, Uint8Array.of(0x2d), channel);
    });
    await expect((await opening).ask(CBOR, bytes(3), { signal: caller.signal })).rejects.toThrow("gone");
    expect(key.heard.slice(1)).toMatchObject([
      { command: CBOR, channel: GIVEN },
      { command: CANCEL, channel: GIVEN, payload: new Uint8Array(0) },
    ]);
  });

  test("HID host 14: nothing is cancelled that has ended", async () => {
    const caller = new AbortController();
    const { key, opening } = openOn(({ command, payload, channel }, me) => me.say(command, payload, channel));
    await (await opening).ask(PING, bytes(3), { signal: caller.signal });
    caller.abort(new Error("gone"));
    await Promise.resolve();
    expect(key.commands()).toEqual([INIT, PING]);
  });

  test("HID host 15: keepalives of one byte (FIDO), of two (ours) and of none keep a request alive", async () => {
    const steps: number[] = [];
    const { opening } = openOn(({ command, payload, channel }, key) => {
      for (const said of [Uint8Array.of(1), Uint8Array.of(), encodeKeepalive(WaitsFor.CODE), Uint8Array.of(2, 99)]) {
        key.say(KEEPALIVE, said, channel);
      }
      key.say(command, payload, channel);
    });
    const watch = { ...never, onStep: (step: number) => steps.push(step) };
    expect(await (await opening).ask(CBOR, bytes(3), watch)).toEqual(bytes(3));
    expect(steps).toContain(WaitsFor.CODE);
  });

  test("HID host 16: a channel that the key has forgotten is replaced by a new one; the request is not repeated", async () => {
    let forgotten = true;
    const key = new Key((heard, me) => {
      if (heard.command === INIT) return me.greet(heard, heard.channel === BROADCAST && !forgotten ? GIVEN + 1 : GIVEN);
      if (!forgotten) return me.say(heard.command, heard.payload, heard.channel);
      forgotten = false;
      me.error(HidError.INVALID_CHANNEL, heard.channel);
    });
    const channel = await HidChannel.open(new HidBus(key), BUSY);
    await expect(channel.ask(CBOR, bytes(3), never)).rejects.toMatchObject({ fault: "garbled" });
    expect(key.heard.filter(({ command }) => command === CBOR)).toHaveLength(1);
    expect(await channel.ask(PING, bytes(3), never)).toEqual(bytes(3));
    expect(key.heard.at(-1)).toMatchObject({ command: PING, channel: GIVEN + 1 });
  });

  test("HID host 17: late reports of an answer that was given up are not taken for the next answer", async () => {
    let late: Uint8Array | undefined;
    const { opening } = openOn(({ command, payload, channel }, key) => {
      const [first, second] = encodeMessage(channel, command, bytes(100));
      if (payload.length === 1) {
        key.sayRaw(first ?? new Uint8Array(64));
        key.sayRaw(first ?? new Uint8Array(64));
        late = second;
        return;
      }
      key.sayRaw(late ?? new Uint8Array(64));
      key.say(command, payload, channel);
    });
    const channel = await opening;
    await expect(channel.ask(PING, bytes(1), never)).rejects.toMatchObject({ fault: "garbled" });
    expect(await channel.ask(PING, bytes(2), never)).toEqual(bytes(2));
  });

  test("HID host 18: a key that takes no report any more counts as gone, and nobody waits for it", async () => {
    const { key, opening } = openOn(() => undefined);
    const channel = await opening;
    key.write = async () => new Promise(() => undefined);
    await expect(channel.ask(PING, bytes(3), never)).rejects.toMatchObject({ fault: "left" });
    await expect(channel.ask(PING, bytes(3), never)).rejects.toMatchObject({ fault: "left" });
  });
});
