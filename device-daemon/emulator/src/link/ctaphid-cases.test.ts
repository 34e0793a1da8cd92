import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  BROADCAST,
  CtapCommand,
  CtapStatus,
  decodeAnswer,
  decodeInitAnswer,
  encodeMessage,
  encodeRequest,
  HidCapability,
  HidCommand,
  HidError,
  MAX_MESSAGE,
  Status,
  Subcommand,
} from "@countersign/key-protocol";
import { tempFolder } from "@countersign/testing";
import { onSockets } from "../backend/plugs.ts";
import { Emulator } from "../emulator.ts";
import type { InterfaceName } from "../key.ts";
import { MemoryKeyStore } from "../storage/key-store.ts";
import { FULL } from "../testing/bench.ts";
import { RawHost } from "../testing/raw-host.ts";

const { PING, INIT, WINK, MSG, LOCK, CANCEL, CBOR, ERROR, COUNTERSIGN } = HidCommand;
const folder = tempFolder();
const paths = { fido: join(folder, "fido.sock"), vendor: join(folder, "vendor.sock") };
// The key's time stands still unless a case moves it on: no pause of this machine is one between two reports.
const clock = { at: 0, now: () => clock.at };
const emulator = new Emulator({ profile: FULL, store: new MemoryKeyStore(), plugs: onSockets(paths), clock });

beforeAll(async () => emulator.plug());
afterAll(async () => emulator.unplug());

const nonce = Uint8Array.from({ length: 8 }, () => 0x11);
const empty = new Uint8Array(0);

function data(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 11 + 5) % 256);
}

function ping(channel: number, length: number): Uint8Array[] {
  return encodeMessage(channel, PING, data(length));
}

/** The reports of a message from `from` up to `to`. */
function some(reports: readonly Uint8Array[], from: number, to: number): readonly Uint8Array[] {
  return reports.slice(from, to);
}

function firstWithLength(channel: number, length: number): Uint8Array {
  const report = new Uint8Array(ping(channel, 1)[0] ?? new Uint8Array(64));
  report.set([length >> 8, length & 0xff], 5);
  return report;
}

async function withHost(port: InterfaceName, talk: (host: RawHost, channel: number) => Promise<void>): Promise<void> {
  const host = await RawHost.connect(paths[port]);
  try {
    await talk(host, await host.open());
  } finally {
    host.close();
  }
}

async function expectError(host: RawHost, channel: number, error: HidError): Promise<void> {
  expect(await host.next()).toEqual({ channel, command: ERROR, payload: Uint8Array.of(error) });
}

/** The 18 cases of a public suite's transport tests by its names, then cases of our own. */
const CASES: Readonly<Record<string, (host: RawHost, channel: number, port: InterfaceName) => Promise<void>>> = {
  "long ping": async (host, channel) => {
    host.send(...ping(channel, 1000));
    expect(await host.next()).toMatchObject({ channel, command: PING, payload: data(1000) });
  },
  "init on a live channel gives its nonce and the channel back": async (host, channel) => {
    host.send(...encodeMessage(channel, INIT, nonce));
    expect(decodeInitAnswer((await host.next()).payload)).toMatchObject({ nonce, channel });
  },
  ping: async (host, channel) => {
    host.send(...ping(channel, 100));
    expect(await host.next()).toMatchObject({ channel, payload: data(100) });
  },
  wink: async (host, channel) => {
    host.send(...encodeMessage(channel, WINK, empty));
    expect(await host.next()).toEqual({ channel, command: WINK, payload: empty });
  },
  "cbor without payload": async (host, channel, port) => {
    host.send(...encodeMessage(channel, CBOR, empty));
    await expectError(host, channel, port === "fido" ? HidError.INVALID_LENGTH : HidError.INVALID_COMMAND);
  },
  "no data in a U2F message: U2F is not spoken, and INIT says so": async (host, channel) => {
    host.send(...encodeMessage(channel, INIT, nonce));
    expect((await host.next()).payload[16]! & HidCapability.NO_MSG).toBe(HidCapability.NO_MSG);
    for (const payload of [empty, Uint8Array.of(0, 3, 0, 0, 0, 0, 0)]) {
      host.send(...encodeMessage(channel, MSG, payload));
      await expectError(host, channel, HidError.INVALID_COMMAND);
    }
  },
  "invalid command": async (host, channel) => {
    for (const command of [0x66, 0x00, 0x02, 0x41, 0x7f, LOCK]) {
      host.send(...encodeMessage(channel, command, empty));
      await expectError(host, channel, HidError.INVALID_COMMAND);
    }
  },
  "oversize packet": async (host, channel) => {
    for (const length of [0x1dba, MAX_MESSAGE + 1, 0xffff]) {
      host.send(firstWithLength(channel, length));
      await expectError(host, channel, HidError.INVALID_LENGTH);
    }
    expect(await host.silentUntilPing(channel)).toBe(true);
  },
  "skipped sequence number": async (host, channel) => {
    const reports = ping(channel, 0x490);
    host.send(...some(reports, 0, 3), ...some(reports, 4, 5));
    await expectError(host, channel, HidError.INVALID_SEQUENCE);
  },
  "resync and ping": async (host, channel) => {
    host.send(...encodeMessage(channel, INIT, nonce), ...ping(channel, 100));
    expect(await host.next()).toMatchObject({ command: INIT });
    expect(await host.next()).toMatchObject({ channel, payload: data(100) });
  },
  "ping aborted by init": async (host, channel) => {
    host.send(...some(ping(channel, 0x400), 0, 3), ...encodeMessage(channel, INIT, nonce));
    expect(await host.next()).toMatchObject({ channel, command: INIT });
    expect(await host.silentUntilPing(channel)).toBe(true);
  },
  "init of another program leaves the ping of this one alone": async (host, channel) => {
    const reports = ping(channel, 0x400);
    host.send(...some(reports, 0, 3));
    expect(await host.open()).not.toBe(channel);
    host.send(...some(reports, 3, reports.length));
    expect(await host.next()).toMatchObject({ channel, payload: data(0x400) });
  },
  "time-out between 400 and 1000 ms": async (host, channel) => {
    host.send(...some(ping(channel, 0x400), 0, 3));
    // The answer to INIT says that the reports before it were read.
    await host.open();
    clock.at += 400;
    for (let times = 0; times < 5; times++) await host.open();
    clock.at += 600;
    await expectError(host, channel, HidError.MESSAGE_TIMEOUT);
  },
  "first packet where a continuation is due": async (host, channel) => {
    const reports = ping(channel, 0x400);
    host.send(...some(reports, 0, 3), ...some(reports, 0, 1));
    await expectError(host, channel, HidError.INVALID_SEQUENCE);
    host.send(...some(reports, 3, 5));
    expect(await host.silentUntilPing(channel)).toBe(true);
  },
  "busy while another channel sends, then its time-out": async (host, channel) => {
    const other = await host.open();
    host.send(...some(ping(channel, 0x400), 0, 1), ...some(ping(other, 0x400), 0, 1));
    await expectError(host, other, HidError.CHANNEL_BUSY);
    clock.at += 1_000;
    await expectError(host, channel, HidError.MESSAGE_TIMEOUT);
  },
  "interleaved channels: the second gets busy, the first its echo": async (host, channel) => {
    const other = await host.open();
    const [mine, theirs] = [ping(channel, 99), ping(other, 99)];
    host.send(...some(mine, 0, 1), ...theirs);
    await expectError(host, other, HidError.CHANNEL_BUSY);
    host.send(...some(mine, 1, 2));
    expect(await host.next()).toMatchObject({ channel, payload: data(99) });
  },
  "channel 0": async (host) => {
    host.send(...encodeMessage(0, INIT, nonce));
    await expectError(host, 0, HidError.INVALID_CHANNEL);
  },
  "channel ffffffff takes init alone": async (host) => {
    for (const command of [PING, WINK, CBOR, COUNTERSIGN, CANCEL]) {
      host.send(...encodeMessage(BROADCAST, command, nonce));
      await expectError(host, BROADCAST, HidError.INVALID_CHANNEL);
    }
  },
  "pings of every size up to 30 reports": async (host, channel) => {
    for (const length of [0, 1, 56, 57, 58, 115, 116, 117, 175, 1024, 1767, MAX_MESSAGE]) {
      host.send(...ping(channel, length));
      expect(await host.next()).toMatchObject({ channel, command: PING, payload: data(length) });
    }
  },
  "repeated report": async (host, channel) => {
    const reports = ping(channel, 0x400);
    host.send(...some(reports, 0, 2), ...some(reports, 1, 2));
    await expectError(host, channel, HidError.INVALID_SEQUENCE);
  },
  "a channel that was never given": async (host, channel) => {
    const foreign = (channel ^ 0x5a5a5a5a) >>> 0;
    host.send(...ping(foreign, 3));
    await expectError(host, foreign, HidError.INVALID_CHANNEL);
    host.send(...encodeMessage(foreign, INIT, nonce));
    await expectError(host, foreign, HidError.INVALID_CHANNEL);
  },
  "init of another length": async (host, channel) => {
    for (const length of [0, 7, 9, 57]) {
      host.send(...encodeMessage(channel, INIT, data(length)));
      await expectError(host, channel, HidError.INVALID_LENGTH);
    }
  },
  "continuation and cancel of nothing": async (host, channel) => {
    host.send(...some(ping(channel, 0x400), 1, 4), ...encodeMessage(channel, CANCEL, empty));
    expect(await host.silentUntilPing(channel)).toBe(true);
  },
  "one byte at a time": async (host, channel) => {
    for (const report of ping(channel, 60)) for (const byte of report) host.send(Uint8Array.of(byte));
    expect(await host.next()).toMatchObject({ channel, payload: data(60) });
  },
};

describe.each<InterfaceName>(["fido", "vendor"])("CTAPHID over the socket, interface %s", (port) => {
  test.each(Object.entries(CASES))("CTAPHID: %s", async (_name, talk) => {
    await expect(withHost(port, async (host, channel) => talk(host, channel, port))).resolves.toBeUndefined();
  });
});

const SELECTION = Uint8Array.of(CtapCommand.SELECTION);
const SET_PIN = encodeRequest({ subcommand: Subcommand.SET_PIN });

/** A request of each interface that waits for a person, and what it ends with when it is cancelled. */
const WAITING = {
  fido: { command: CBOR, request: SELECTION, cancelled: CtapStatus.KEEPALIVE_CANCEL },
  vendor: { command: COUNTERSIGN, request: SET_PIN, cancelled: Status.CANCELLED },
} as const;

describe.each<InterfaceName>(["fido", "vendor"])("while a request waits on interface %s", (port) => {
  const { command, request, cancelled } = WAITING[port];

  test("CTAPHID: cancel ends it with a status of its own", async () => {
    await withHost(port, async (host, channel) => {
      host.send(...encodeMessage(channel, command, request), ...encodeMessage(channel, CANCEL, empty));
      expect(await host.next()).toMatchObject({ channel, command, payload: Uint8Array.of(cancelled) });
    });
  });

  test("CTAPHID: init on its channel ends it without an answer", async () => {
    await withHost(port, async (host, channel) => {
      host.send(...encodeMessage(channel, command, request), ...encodeMessage(channel, INIT, nonce));
      expect(await host.next()).toMatchObject({ channel, command: INIT });
      expect(await host.silentUntilPing(channel)).toBe(true);
    });
  });

  test("CTAPHID: a cancel of another channel changes nothing; a second request of the same one is busy", async () => {
    await withHost(port, async (host, channel) => {
      const other = await host.open();
      host.send(...encodeMessage(channel, command, request), ...encodeMessage(other, CANCEL, empty));
      host.send(...encodeMessage(channel, command, request));
      await expectError(host, channel, HidError.CHANNEL_BUSY);
      host.send(...encodeMessage(channel, CANCEL, empty));
      expect(await host.next()).toMatchObject({ channel, command });
    });
  });

  test("CTAPHID: the other interface is busy as well, and free afterwards", async () => {
    const elsewhere: InterfaceName = port === "fido" ? "vendor" : "fido";
    await withHost(port, async (host, channel) => {
      await withHost(elsewhere, async (stranger, foreign) => {
        host.send(...encodeMessage(channel, command, request));
        // The answer to INIT says that the request before it was read.
        await host.open();
        stranger.send(...encodeMessage(foreign, WAITING[elsewhere].command, WAITING[elsewhere].request));
        await expectError(stranger, foreign, HidError.CHANNEL_BUSY);
        stranger.send(...ping(foreign, 3));
        await expectError(stranger, foreign, HidError.CHANNEL_BUSY);
        host.send(...encodeMessage(channel, CANCEL, empty));
        expect(await host.next()).toMatchObject({ channel, command });
        expect(await stranger.silentUntilPing(foreign)).toBe(true);
      });
    });
  });
});

test("CTAPHID: each interface has channels and a command of its own", async () => {
  await withHost("fido", async (fido, mine) => {
    await withHost("vendor", async (vendor, theirs) => {
      fido.send(...encodeMessage(mine, COUNTERSIGN, Uint8Array.of(Subcommand.GET_INFO)));
      await expectError(fido, mine, HidError.INVALID_COMMAND);
      vendor.send(...encodeMessage(theirs, CBOR, Uint8Array.of(CtapCommand.GET_INFO)));
      await expectError(vendor, theirs, HidError.INVALID_COMMAND);
      vendor.send(...encodeMessage(mine, PING, nonce));
      await expectError(vendor, mine, HidError.INVALID_CHANNEL);
      vendor.send(...encodeMessage(theirs, COUNTERSIGN, Uint8Array.of(Subcommand.GET_INFO)));
      expect(decodeAnswer((await vendor.next()).payload).status).toBe(Status.OK);
    });
  });
});
