import { randomBytes } from "node:crypto";
import type { KeyInfo } from "@countersign/key-protocol";
import type { Logger } from "pino";
import { HidBus } from "../hid/hid-bus.ts";
import type { HidTransport } from "../hid/hid-transport.ts";
import { HidSmartKey } from "./hid-smart-key.ts";
import type { SmartKey } from "./smart-key.ts";
import { WorkQueue } from "./work-queue.ts";

/** A new key must say what it is within this time, in milliseconds. */
const HELLO_MS = 5_000;

/** A key that is plugged in, ready for requests. */
export interface AttachedKey {
  /** Local name, stable while it is plugged in. */
  readonly deviceId: string;
  readonly key: SmartKey;
  readonly queue: WorkQueue;
  /** As it said last. */
  info: KeyInfo;
}

/** The keys that are plugged in now. */
export class KeyRegistry {
  readonly #log: Logger;
  readonly #keys = new Map<string, AttachedKey>();
  readonly #watchers = new Set<() => void>();
  readonly #denied = new Map<string, string>();

  constructor(log: Logger) {
    this.#log = log;
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

  /** Something about a key has changed, such as its PIN. */
  touched(): void {
    for (const changed of this.#watchers) changed();
  }

  /** Takes a transport that has just been opened; resolves when the key behind it has left or proved to be none. */
  async attach(transport: HidTransport): Promise<void> {
    const bus = new HidBus(transport);
    const left = new Promise<void>((resolve) => bus.listen(() => undefined, resolve));
    let attached: AttachedKey | undefined;
    try {
      const key = await HidSmartKey.connect(bus);
      const info = await key.info({ signal: AbortSignal.timeout(HELLO_MS) });
      attached = { deviceId: this.#name(info), key, queue: new WorkQueue(), info };
    } catch (cause) {
      this.#log.warn({ transport: transport.name, cause: String(cause) }, "no key answers here");
      bus.close();
      return;
    }
    if (!bus.gone) this.#add(attached);
    await left;
    this.#remove(attached);
  }

  #add(attached: AttachedKey): void {
    this.#keys.set(attached.deviceId, attached);
    this.#log.info({ deviceId: attached.deviceId, model: attached.info.model }, "key plugged in");
    this.touched();
  }

  #remove(attached: AttachedKey): void {
    if (!this.#keys.delete(attached.deviceId)) return;
    this.#log.info({ deviceId: attached.deviceId }, "key has left");
    this.touched();
  }

  // The serial, as long as nobody else claims it: a device chooses what it calls itself.
  #name(info: KeyInfo): string {
    const plain = info.serial.replace(/[^A-Za-z0-9_-]/g, "_");
    return this.#keys.has(plain) ? `${plain}-${randomBytes(4).toString("hex")}` : plain;
  }
}
