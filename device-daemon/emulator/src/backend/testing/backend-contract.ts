import { expect, test } from "@jest/globals";
import type { ConnectBackend } from "../backend.ts";

/** The host's end of one opened interface. */
export interface ContractHost {
  write(report: Uint8Array): Promise<void>;
  /** The next report of the key. */
  read(): Promise<Uint8Array>;
  /** Resolves once the host has lost the interface. */
  readonly lost: Promise<void>;
}

/** A bus to plug an interface into, with a host. `open` is called while the interface is plugged in. */
export interface ContractBus {
  readonly connect: ConnectBackend;
  readonly open: () => Promise<ContractHost>;
}

const numbered = (number: number): Uint8Array => new Uint8Array(64).fill(number);

/** What every back end does; run by each of them on a bus of its own. */
export function testBackendContract(name: string, bus: () => ContractBus): void {
  const onBus = () => {
    const { connect, open } = bus();
    const heard: Uint8Array[] = [];
    let wake: (() => void) | undefined;
    const backend = connect((report) => {
      heard.push(report);
      wake?.();
    });
    const hears = async (count: number): Promise<readonly Uint8Array[]> => {
      while (heard.length < count) await new Promise<void>((resolve) => (wake = resolve));
      return heard;
    };
    return { backend, heard, hears, open };
  };

  test(`${name}: reports pass both ways, whole and in order, 30 at once`, async () => {
    const { backend, hears, open } = onBus();
    await backend.plug();
    const host = await open();
    const all = Array.from({ length: 30 }, (_, at) => numbered(at));
    for (const report of all) await host.write(report);
    expect(await hears(30)).toEqual(all);
    for (const report of all) backend.send(report);
    for (const report of all) expect(await host.read()).toEqual(report);
    await backend.unplug();
  });

  test(`${name}: the host loses it when it is unplugged, and meets it again when it is plugged in`, async () => {
    const { backend, hears, open } = onBus();
    for (const round of [1, 2, 3]) {
      await backend.plug();
      const host = await open();
      await host.write(numbered(round));
      expect((await hears(round)).at(-1)).toEqual(numbered(round));
      backend.send(numbered(round + 100));
      expect(await host.read()).toEqual(numbered(round + 100));
      await backend.unplug();
      await host.lost;
    }
  });

  test(`${name}: what is sent off the bus is not kept for later`, async () => {
    const { backend, hears, open } = onBus();
    backend.send(numbered(1));
    await backend.plug();
    await backend.unplug();
    backend.send(numbered(2));
    await backend.plug();
    const host = await open();
    // What the key hears of a host says that the key has met it.
    await host.write(numbered(9));
    await hears(1);
    backend.send(numbered(3));
    expect(await host.read()).toEqual(numbered(3));
    await backend.unplug();
  });

  test(`${name}: plugging twice and unplugging twice is once`, async () => {
    const { backend, hears, open } = onBus();
    await backend.unplug();
    await backend.plug();
    await backend.plug();
    const host = await open();
    await host.write(numbered(1));
    expect(await hears(1)).toHaveLength(1);
    await backend.unplug();
    await backend.unplug();
    await host.lost;
  });
}
