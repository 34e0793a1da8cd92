import { describe, expect, test } from "@jest/globals";
import {
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
import type { DeviceLock } from "./device-lock.ts";
import { HidBus } from "./hid-bus.ts";
import { BUSY_MS, type BusyTimes, HidChannel } from "./hid-channel.ts";
import type { HidTransport } from "./hid-transport.ts";

const CHANNEL = 0x11223344;
const { PING, INIT, CANCEL, KEEPALIVE, ERROR, COUNTERSIGN } = HidCommand;
const PATIENT: BusyTimes = { total: 200_000, first: 5, most: 20 };
/** For what is busy for ever. */
const SHORT: BusyTimes = { total: 60, first: 5, most: 20 };

type Said = { readonly channel: number; readonly command: number; readonly payload: Uint8Array };

/** A device that answers INIT and otherwise does as the test says. */
class Device implements HidTransport {
  readonly name = "device";
  readonly heard: Said[] = [];
  lock?: DeviceLock;
  written = 0;
  #messages = new Map<number, Reassembler>();
  #onReport: (report: Uint8Array) => void = () => undefined;
  #onClose: () => void = () => undefined;
  #answer: (said: Said, device: Device) => void;

  constructor(answer: (said: Said, device: Device) => void) {
    this.#answer = answer;
  }

  async write(report: Uint8Array): Promise<void> {
    this.written++;
    const { channel } = parseReport(report);
    const messages = this.#messages.get(channel) ?? new Reassembler(channel);
    this.#messages.set(channel, messages);
    const message = messages.accept(report);
    if (message === undefined) return;
    const said = { ...message, channel };
    this.heard.push(said);
    if (message.command === INIT) this.#greet(said);
    else queueMicrotask(() => this.#answer(said, this));
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

  say(command: number, payload: Uint8Array, channel = CHANNEL): void {
    for (const report of encodeMessage(channel, command, payload)) this.#onReport(report);
  }

  sayRaw(...reports: readonly (Uint8Array | undefined)[]): void {
    for (const report of reports) if (report !== undefined) this.#onReport(report);
  }

  #greet(said: Said): void {
    const answer = encodeInitAnswer({ nonce: said.payload, channel: CHANNEL, version: [0, 1, 0], capabilities: 8 });
    queueMicrotask(() => this.say(INIT, answer, said.channel));
  }
}

async function open(
  answer: (said: Said, device: Device) => void,
  busy: BusyTimes = PATIENT,
): Promise<{ channel: HidChannel; device: Device }> {
  const device = new Device(answer);
  return { channel: await HidChannel.open(new HidBus(device), busy), device };
}

const never = { signal: new AbortController().signal };

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => at % 251);
}

describe("asking", () => {
  test.each([0, 57, 58, 1768])("%i bytes go and come back", async (length) => {
    const { channel } = await open(({ command, payload }, device) => device.say(command, payload));
    expect(await channel.ask(PING, pattern(length), never)).toEqual(pattern(length));
  });

  test("D12: a message over 1768 bytes is refused before the first report", async () => {
    const { channel, device } = await open(() => undefined);
    const before = device.written;
    await expect(channel.ask(PING, new Uint8Array(MAX_MESSAGE + 1), never)).rejects.toMatchObject({ code: "too-long" });
    expect(device.written).toBe(before);
  });

  test("D9: keepalives are told once per change; reports of other channels are passed over", async () => {
    const { channel } = await open((_said, device) => {
      for (const waitsFor of [WaitsFor.PAGING, WaitsFor.PAGING, WaitsFor.PIN, WaitsFor.CODE, WaitsFor.CODE]) {
        device.say(KEEPALIVE, encodeKeepalive(waitsFor));
        device.say(COUNTERSIGN, Uint8Array.of(9, 9), CHANNEL + 1);
      }
      device.say(COUNTERSIGN, Uint8Array.of(0));
    });
    const steps: number[] = [];
    const answer = await channel.ask(COUNTERSIGN, Uint8Array.of(3), { ...never, onStep: (step) => steps.push(step) });
    expect(answer).toEqual(Uint8Array.of(0));
    expect(steps).toEqual([WaitsFor.PAGING, WaitsFor.PIN, WaitsFor.CODE]);
  });
});

test("threat 18: a device that changes its mind for ever is told no further than 256 times, and its answer still counts", async () => {
  const { channel } = await open((_said, device) => {
    for (let at = 0; at < 2000; at++)
      device.say(KEEPALIVE, encodeKeepalive(at % 2 === 0 ? WaitsFor.PIN : WaitsFor.CODE));
    device.say(COUNTERSIGN, Uint8Array.of(0));
  });
  const steps: number[] = [];
  await channel.ask(COUNTERSIGN, Uint8Array.of(3), { ...never, onStep: (step) => steps.push(step) });
  expect(steps).toHaveLength(256);
});

describe("D11: what goes wrong ends, is followed by INIT, and is never sent again", () => {
  const [first, second, third] = encodeMessage(CHANNEL, COUNTERSIGN, pattern(170));
  test.each([
    ["a skipped report", [first, third]],
    ["a repeated report", [first, second, second]],
    ["a report out of order", [first, third, second]],
    ["a second beginning", [first, first]],
    ["a length of 7609", [Uint8Array.from([...(first ?? []).slice(0, 5), 0x1d, 0xb9, ...(first ?? []).slice(7)])]],
  ])("%s", async (_name, reports) => {
    const { channel, device } = await open((said, me) => {
      if (said.command === COUNTERSIGN) me.sayRaw(...reports);
    });
    await expect(channel.ask(COUNTERSIGN, Uint8Array.of(3), never)).rejects.toMatchObject({ fault: "garbled" });
    expect(device.heard.map(({ command }) => command)).toEqual([INIT, COUNTERSIGN, INIT]);
    expect(device.heard.at(-1)?.channel).toBe(CHANNEL);
  });

  test("silence ends after a second, and the channel is usable again", async () => {
    let silent = true;
    const { channel, device } = await open(({ command, payload }, me) => {
      if (!silent) me.say(command, payload);
    });
    await expect(channel.ask(COUNTERSIGN, Uint8Array.of(3), never)).rejects.toMatchObject({ fault: "garbled" });
    expect(device.heard.filter(({ command }) => command === COUNTERSIGN)).toHaveLength(1);
    silent = false;
    expect(await channel.ask(PING, pattern(100), never)).toEqual(pattern(100));
  });

  test.each([HidError.INVALID_SEQUENCE, HidError.MESSAGE_TIMEOUT, HidError.INVALID_LENGTH, HidError.OTHER])(
    "the key's error %i",
    async (error) => {
      const { channel } = await open((_said, device) => device.say(ERROR, Uint8Array.of(error)));
      await expect(channel.ask(COUNTERSIGN, Uint8Array.of(3), never)).rejects.toMatchObject({ fault: "garbled" });
    },
  );
});

describe("D9: busy", () => {
  test("a key that may take longer is waited for longer", async () => {
    const device = new Device(({ command, payload }) => void setTimeout(() => device.say(command, payload), 1_300));
    const patient: HidTransport = Object.assign(device, { patience: 30 });
    const channel = await HidChannel.open(new HidBus(patient), PATIENT);
    expect(await channel.ask(PING, pattern(5), never)).toEqual(pattern(5));
  });

  test("D11: BUSY behind a keepalive is for what another program sent on our channel: nothing is sent again", async () => {
    const { channel, device } = await open((_said, me) => {
      me.say(KEEPALIVE, encodeKeepalive(WaitsFor.PAGING));
      me.say(ERROR, Uint8Array.of(HidError.CHANNEL_BUSY));
      me.say(COUNTERSIGN, Uint8Array.of(0));
    });
    expect(await channel.ask(COUNTERSIGN, Uint8Array.of(3), never)).toEqual(Uint8Array.of(0));
    expect(device.heard.filter(({ command }) => command === COUNTERSIGN)).toHaveLength(1);
  });

  test("is asked again, as nothing had begun", async () => {
    let busy = 3;
    const { channel, device } = await open((_said, me) => {
      if (busy-- > 0) me.say(ERROR, Uint8Array.of(HidError.CHANNEL_BUSY));
      else me.say(COUNTERSIGN, Uint8Array.of(0));
    });
    expect(await channel.ask(COUNTERSIGN, Uint8Array.of(3), never)).toEqual(Uint8Array.of(0));
    expect(device.heard.filter(({ command }) => command === COUNTERSIGN)).toHaveLength(4);
  });

  test("is tried for 10 s, with pauses of 50 to 500 ms", () => {
    expect(BUSY_MS).toEqual({ total: 10_000, first: 50, most: 500 });
  });

  test("is given up in the end", async () => {
    const { channel } = await open((_said, device) => device.say(ERROR, Uint8Array.of(HidError.CHANNEL_BUSY)), SHORT);
    await expect(channel.ask(COUNTERSIGN, Uint8Array.of(3), never)).rejects.toMatchObject({ fault: "busy" });
  });
});

/** A lock that another program holds for the first `held` times of asking. */
class CountedLock implements DeviceLock {
  asked = 0;
  taken = 0;
  #held: number;

  constructor(held: number) {
    this.#held = held;
  }

  async take(): ReturnType<DeviceLock["take"]> {
    if (this.asked++ < this.#held) return "held";
    this.taken++;
    return () => this.taken--;
  }
}

describe("D9: the advisory lock", () => {
  test("is held from before the first report until after the answer, and not between requests", async () => {
    const lock = new CountedLock(0);
    const during: number[] = [];
    const { channel, device } = await open(({ command, payload }, me) => {
      during.push(lock.taken);
      me.say(command, payload);
    });
    device.lock = lock;
    await channel.ask(PING, pattern(3), never);
    expect([during, lock.taken]).toEqual([[1], 0]);
  });

  test("is released after a failure, too", async () => {
    const lock = new CountedLock(0);
    const { channel, device } = await open((_said, me) => me.close());
    device.lock = lock;
    await expect(channel.ask(PING, pattern(3), never)).rejects.toMatchObject({ fault: "left" });
    expect([lock.asked, lock.taken]).toEqual([1, 0]);
  });

  test("held by another program is waited for as CHANNEL_BUSY is, with no report on the wire", async () => {
    const { channel, device } = await open(({ command, payload }, me) => me.say(command, payload));
    const lock = new CountedLock(3);
    device.lock = lock;
    const before = device.written;
    expect(await channel.ask(PING, pattern(3), never)).toEqual(pattern(3));
    expect([lock.asked, device.written - before]).toEqual([4, 1]);
  });

  test("held for ever ends as CHANNEL_BUSY ends", async () => {
    const { channel, device } = await open(() => undefined, SHORT);
    device.lock = new CountedLock(Infinity);
    const before = device.written;
    await expect(channel.ask(PING, pattern(3), never)).rejects.toMatchObject({ fault: "busy" });
    expect(device.written).toBe(before);
  });
});

describe("leaving", () => {
  test("an aborted caller sends CANCEL and hears the reason", async () => {
    const caller = new AbortController();
    const { channel, device } = await open((said, me) => {
      if (said.command === COUNTERSIGN) queueMicrotask(() => caller.abort(new Error("gone")));
      if (said.command === CANCEL) me.say(COUNTERSIGN, Uint8Array.of(0x0a));
    });
    await expect(channel.ask(COUNTERSIGN, Uint8Array.of(3), { signal: caller.signal })).rejects.toThrow("gone");
    expect(device.heard.map(({ command }) => command)).toEqual([INIT, COUNTERSIGN, CANCEL]);
  });

  test("D11: a key that goes on with keepalives after CANCEL is resynchronised within 2 s, and does not hang", async () => {
    let chatter: NodeJS.Timeout | undefined;
    const { channel, device } = await open((said, me) => {
      if (said.command !== COUNTERSIGN) return;
      chatter = setInterval(() => me.say(KEEPALIVE, encodeKeepalive(WaitsFor.PAGING)), 50);
    });
    const caller = new AbortController();
    const asked = channel.ask(COUNTERSIGN, Uint8Array.of(3), { signal: caller.signal });
    caller.abort(new Error("gone"));
    await expect(asked).rejects.toThrow("gone");
    clearInterval(chatter);
    expect(device.heard.map(({ command }) => command)).toEqual([INIT, COUNTERSIGN, CANCEL, INIT]);
  });

  test("D10: a key that leaves ends the request at once", async () => {
    const { channel } = await open((_said, device) => device.close());
    await expect(channel.ask(COUNTERSIGN, Uint8Array.of(3), never)).rejects.toMatchObject({ fault: "left" });
    await expect(channel.ask(PING, pattern(1), never)).rejects.toMatchObject({ fault: "left" });
  });

  test("a code is taken beside the open request, and its answer is not mistaken for the other", async () => {
    const { channel } = await open(({ payload }, device) => {
      if (payload[0] === 0x0b) {
        device.say(COUNTERSIGN, Uint8Array.of(0, 0xff));
        device.say(COUNTERSIGN, Uint8Array.of(0, 0x01));
      } else {
        device.say(KEEPALIVE, encodeKeepalive(WaitsFor.CODE));
      }
    });
    const asked = channel.ask(COUNTERSIGN, Uint8Array.of(3), never);
    await Promise.resolve();
    const aside = await channel.askAside(COUNTERSIGN, Uint8Array.of(0x0b), (payload) => payload[1] === 0xff);
    expect([aside, await asked]).toEqual([Uint8Array.of(0, 0xff), Uint8Array.of(0, 0x01)]);
  });
});

test("a device that answers no INIT counts as gone", async () => {
  const mute: HidTransport = {
    name: "mute",
    write: async () => undefined,
    onReport: () => undefined,
    onClose: () => undefined,
    close: () => undefined,
  };
  await expect(HidChannel.open(new HidBus(mute))).rejects.toMatchObject({ fault: "left" });
});
