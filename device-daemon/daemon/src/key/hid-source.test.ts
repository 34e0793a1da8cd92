import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { descriptorsOf } from "@countersign/testing";
import { HidCommand, UDEV_RULE } from "@countersign/key-protocol";
import { pino } from "pino";
import type { FidoKey } from "../fido/fido-key.ts";
import type { ListedInterface } from "../hid/hid-api.ts";
import { HidChannel } from "../hid/hid-channel.ts";
import { DEVICE_NODE, FakeHid, type FakeInterface } from "../testing/fake-hid.ts";
import { HidSmartKey } from "./hid-smart-key.ts";
import { HidSource, POLL_MS, watchHid } from "./hid-source.ts";
import { KeyRegistry } from "./key-registry.ts";

const log = pino({ level: "silent" });

type Ported = FakeInterface & { readonly port?: string };

function vendor(port: string, more: Partial<FakeInterface> = {}): Ported {
  return { ...{ path: `vendor-${port}`, vendorId: 0x1209, productId: 1, usagePage: 0xff43, usage: 1, port }, ...more };
}

function fido(port: string, more: Partial<FakeInterface> = {}): Ported {
  return { ...vendor(port), path: `fido-${port}`, usagePage: 0xf1d0, ...more };
}

interface Bench {
  readonly hid: FakeHid;
  readonly source: HidSource;
  readonly registry: KeyRegistry;
  readonly given: ConstructorParameters<typeof HidSource>[0];
  /** The source's time. */
  readonly clock: { ms: number };
  /** Resolves once the kinds of the attached keys are these. */
  readonly until: (...kinds: readonly string[]) => Promise<void>;
  /** One look, and what follows from it at once. */
  readonly look: () => Promise<void>;
}

const untouched = async (): Promise<never> => Promise.reject(new Error("this key is never asked for more"));
const fidoKeyThatSaysOnlyWhatItIs: FidoKey = {
  left: new AbortController().signal,
  info: async () => ({ model: "fake", firmware: "", pinSet: true, pinRetries: 8, hasBiometric: false }),
  ...{ makeCredential: untouched, getAssertion: untouched, setPin: untouched, select: untouched, reset: untouched },
};

const deviceOf = (each: ListedInterface): string => String((each as Ported).port);

function bench(): Bench {
  const hid = new FakeHid();
  const registry = new KeyRegistry(log, {
    countersign: (bus) => HidSmartKey.connect(bus),
    fido2: async (bus) => {
      await HidChannel.open(bus);
      return fidoKeyThatSaysOnlyWhatItIs;
    },
  });
  const clock = { ms: 0 };
  const given = { registry, log, api: hid, deviceOf, now: () => clock.ms };
  const until = async (...kinds: readonly string[]): Promise<void> => {
    const isSo = (): boolean =>
      registry
        .list()
        .map(({ kind }) => kind)
        .toSorted()
        .join() === kinds.join();
    await new Promise<void>((resolve) => {
      const stop = registry.watch(() => {
        if (!isSo()) return;
        stop();
        resolve();
      });
      if (isSo()) resolve();
    });
  };
  const source = new HidSource(given);
  const look = async (): Promise<void> => {
    await source.look();
    await sleep(0);
  };
  return { hid, registry, given, clock, source, until, look };
}

const descriptors = (): number => descriptorsOf(DEVICE_NODE);

describe("D10: hot-plug", () => {
  test("a Countersign key is opened at the first look, a FIDO2 key at the second: within 2 s", async () => {
    const { hid, source, look, until } = bench();
    hid.plug(vendor("1"), fido("2"));
    await look();
    await until("countersign");
    expect(hid.opened).toEqual(["vendor-1"]);
    await look();
    await until("countersign", "fido2");
    expect(2 * POLL_MS).toBeLessThan(1_500);
    await source.close();
  });

  test("the clock that drives it finds a key and forgets it when it leaves", async () => {
    const { hid, given, registry, until } = bench();
    const stop = new AbortController();
    const watching = watchHid(given, stop.signal);
    await sleep(1);
    hid.plug(vendor("1"));
    await until("countersign");
    hid.unplug("vendor-1");
    await until();
    expect(registry.list()).toEqual([]);
    stop.abort();
    await watching;
  });

  test("our FIDO interface is not a second key, even where it appears first", async () => {
    const { hid, source, look, until } = bench();
    hid.plug(fido("1"));
    await look();
    hid.plug(vendor("1"));
    await look();
    await look();
    await until("countersign");
    expect(hid.opened).toEqual(["vendor-1"]);
    await source.close();
  });

  test("a FIDO interface that is open already is let go when ours turns up beside it", async () => {
    const { hid, source, look, until } = bench();
    hid.plug(fido("1"));
    await look();
    await look();
    await until("fido2");
    hid.plug(vendor("1"));
    await look();
    await look();
    await until("countersign");
    expect(hid.opened).toEqual(["fido-1", "vendor-1"]);
    await source.close();
  });

  test("a key that vanishes from the list without a word is let go at the second look", async () => {
    const { hid, look, until, registry } = bench();
    hid.plug(vendor("1"));
    await look();
    await until("countersign");
    hid.unplug("vendor-1", true);
    await look();
    expect(registry.list()).toHaveLength(1);
    await look();
    await until();
  });

  test("100 replugs leak no descriptor, every second one with an open that fails", async () => {
    const { hid, source, look, until } = bench();
    const replug = async (failures: number): Promise<void> => {
      hid.failures = failures;
      hid.plug(vendor("1"), fido("2"));
      for (let looks = 0; looks < 3; looks++) await look();
      await until("countersign", "fido2");
      hid.unplug("vendor-1");
      hid.unplug("fido-2");
      await until();
      await look();
    };
    await replug(0);
    const before = descriptors();
    for (let at = 0; at < 100; at++) await replug(at % 2);
    expect(descriptors()).toBe(before);
    await source.close();
    expect(descriptors()).toBe(before);
  });

  test("a list that cannot be had ends nothing, and the next look works", async () => {
    const { hid, source, look, until } = bench();
    hid.plug(vendor("1"));
    hid.broken = true;
    await look();
    expect(hid.opened).toEqual([]);
    hid.broken = false;
    await look();
    await until("countersign");
    hid.broken = true;
    await look();
    await look();
    await until("countersign");
    await source.close();
  });
});

describe("threat 18: devices that are not what they seem", () => {
  test("command 0x59 goes to our interface alone", async () => {
    const { hid, source, look, until } = bench();
    hid.plug(vendor("1"), fido("2"));
    await look();
    await look();
    await until("countersign", "fido2");
    expect(hid.heardOn("vendor-1")).toContain(HidCommand.COUNTERSIGN);
    expect(hid.heardOn("fido-2")).toEqual([HidCommand.INIT]);
    await source.close();
  });

  test("before a device has answered INIT it hears nothing else; a mute one is let be for a while", async () => {
    const { hid, source, look, given, clock } = bench();
    const ended = Promise.withResolvers<void>();
    const { attach } = given.registry;
    given.registry.attach = async (...all) => attach.apply(given.registry, all).finally(() => ended.resolve());
    hid.plug(vendor("1", { mute: true }));
    await look();
    await ended.promise;
    expect(new Set(hid.heardOn("vendor-1"))).toEqual(new Set([HidCommand.INIT]));
    await look();
    clock.ms += 999;
    await look();
    expect(hid.opened).toEqual(["vendor-1"]);
    clock.ms += 1;
    await look();
    expect(hid.opened).toEqual(["vendor-1", "vendor-1"]);
    await source.close();
  });

  test("two keys that arrive together and call themselves the same get two names", async () => {
    const { hid, source, look, until, registry } = bench();
    hid.plug(vendor("1", { serialNumber: "SAME" }), vendor("2", { serialNumber: "SAME" }));
    await look();
    await until("countersign", "countersign");
    expect(new Set(registry.list().map(({ deviceId }) => deviceId)).size).toBe(2);
    await source.close();
  });
});

describe("D14: a key that may not be opened", () => {
  test("is told with its fix until it leaves, or may be opened", async () => {
    const { hid, source, look, until, registry } = bench();
    hid.plug(vendor("1", { denied: true }));
    await look();
    expect(registry.denied()).toHaveLength(1);
    expect(registry.denied()[0]).toContain(UDEV_RULE);
    hid.unplug("vendor-1");
    await look();
    expect(registry.denied()).toEqual([]);
    hid.plug(vendor("1", { denied: true }));
    await look();
    expect(registry.denied()).toHaveLength(1);
    hid.plug(vendor("1"));
    await look();
    await until("countersign");
    expect(registry.denied()).toEqual([]);
    await source.close();
  });
});
