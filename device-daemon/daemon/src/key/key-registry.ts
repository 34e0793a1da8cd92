import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { KeyInfo } from "@countersign/key-protocol";
import type { Logger } from "pino";
import type { FidoKey } from "../fido/fido-key.ts";
import { HidFidoKey } from "../fido/hid-fido-key.ts";
import { HidBus } from "../hid/hid-bus.ts";
import type { HidTransport } from "../hid/hid-transport.ts";
import type { AttachedCountersign, AttachedFido, AttachedKey, KeyKind } from "./attached-key.ts";
import { HidSmartKey } from "./hid-smart-key.ts";
import type { SmartKey } from "./smart-key.ts";
import { WorkQueue } from "./work-queue.ts";

/** A new key must say what it is within this time, in milliseconds. */
const HELLO_MS = 5_000;

/** How a key of each kind is spoken to. Both reject with LinkError or KeyRefusal. */
export interface Drivers {
  countersign(bus: HidBus): Promise<SmartKey>;
  fido2(bus: HidBus): Promise<FidoKey>;
}

const DRIVERS: Drivers = {
  countersign: (bus) => HidSmartKey.connect(bus),
  fido2: (bus) => HidFidoKey.connect(bus),
};

type Met = Omit<AttachedCountersign, "deviceId" | "queue"> | Omit<AttachedFido, "deviceId" | "queue">;

/** The keys that are plugged in now. */
export class KeyRegistry {
  readonly #log: Logger;
  readonly #drivers: Drivers;
  readonly #keys = new Map<string, AttachedKey>();
  readonly #watchers = new Set<() => void>();
  readonly #denied = new Map<string, string>();
  #fidoKeys = 0;

  constructor(log: Logger, drivers: Drivers = DRIVERS) {
    this.#log = log;
    this.#drivers = drivers;
  }

  /** In the order of plugging. */
  list(): readonly AttachedKey[] {
    return [...this.#keys.values()];
  }

  /** What to do about keys that are there but may not be opened. */
  denied(): readonly string[] {
    return [...this.#denied.values()];
  }

  /** Remembers that a device may not be opened, with the fix; without one, that it may again. */
  setDenied(name: string, fix: string | undefined): void {
    if (fix === undefined) this.#denied.delete(name);
    else this.#denied.set(name, fix);
  }

  /** Calls back after each change; call the result to stop. */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  /** Asks a key again what it is: its PIN and tries may have changed. Never rejects; to be called in the key's turn. */
  async refresh(deviceId: string): Promise<void> {
    const attached = this.#keys.get(deviceId);
    if (attached === undefined) return;
    try {
      const before = attached.info;
      const signal = AbortSignal.timeout(HELLO_MS);
      if (attached.kind === "fido2") attached.info = await attached.key.info({ signal });
      else attached.info = await attached.key.info({ signal });
      if (!isDeepStrictEqual(before, attached.info)) this.#tell();
    } catch (cause) {
      // A key that has left is told by its transport; else the next request asks again.
      this.#log.debug({ deviceId, cause: String(cause) }, "the key did not say how it is");
    }
  }

  /**
   * Takes a transport that has just been opened; resolves when the key behind it has left (true) or proved to be none
   * (false). Command 0x59 goes to `countersign` transports alone, so `kind` must come from the interface that was opened.
   */
  async attach(transport: HidTransport, kind: KeyKind): Promise<boolean> {
    const bus = new HidBus(transport);
    const left = new Promise<void>((resolve) => bus.listen(() => undefined, resolve));
    let met: Met;
    try {
      met = await this.#meet(bus, kind);
    } catch (cause) {
      this.#log.warn({ transport: transport.name, kind, cause: String(cause) }, "no key answers here");
      bus.close();
      return false;
    }
    if (bus.gone) return true;
    const attached = this.#add(met);
    await left;
    this.#remove(attached);
    return true;
  }

  async #meet(bus: HidBus, kind: KeyKind): Promise<Met> {
    const signal = AbortSignal.timeout(HELLO_MS);
    if (kind === "fido2") {
      const key = await this.#drivers.fido2(bus);
      return { kind, key, info: await key.info({ signal }) };
    }
    const key = await this.#drivers.countersign(bus);
    return { kind, key, info: await key.info({ signal }) };
  }

  #tell(): void {
    for (const changed of this.#watchers) changed();
  }

  // In one step, so that two keys that arrive together with the same serial get two names.
  #add(met: Met): AttachedKey {
    const deviceId = met.kind === "fido2" ? `fido2-${++this.#fidoKeys}` : this.#name(met.info);
    const attached: AttachedKey = { ...met, deviceId, queue: new WorkQueue(() => this.refresh(deviceId)) };
    this.#keys.set(deviceId, attached);
    this.#log.info({ deviceId, kind: met.kind, model: met.info.model }, "key plugged in");
    this.#tell();
    return attached;
  }

  #remove(attached: AttachedKey): void {
    this.#keys.delete(attached.deviceId);
    this.#log.info({ deviceId: attached.deviceId }, "key has left");
    this.#tell();
  }

  // The serial, as long as nobody else claims it: a device chooses what it calls itself. FIDO2 keys are counted, and
  // "fido2-1" is theirs alone.
  #name(info: KeyInfo): string {
    const plain = info.serial.replace(/[^A-Za-z0-9_-]/g, "_");
    const taken = this.#keys.has(plain) || /^fido2-/i.test(plain);
    return taken ? `${plain}-${randomBytes(4).toString("hex")}` : plain;
  }
}
