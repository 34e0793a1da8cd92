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

  /** Asks a key again what it is: its PIN and tries may have changed. Never rejects; to be called in the key's turn. */
  async refresh(deviceId: string): Promise<void> {
    const attached = this.#keys.get(deviceId);
    if (attached === undefined) return;
    try {
      const info = await attached.key.info({ signal: AbortSignal.timeout(HELLO_MS) });
      const changed = info.pinState !== attached.info.pinState || info.retries !== attached.info.retries;
      attached.info = info;
      if (changed) this.#tell();
    } catch (cause) {
      // A key that has left is told by its transport; else the next request asks again.
      this.#log.debug({ deviceId, cause: String(cause) }, "the key did not say how it is");
    }
  }

  /** Takes a transport that has just been opened; resolves when the key behind it has left or proved to be none. */
  async attach(transport: HidTransport): Promise<void> {
    const bus = new HidBus(transport);
    const left = new Promise<void>((resolve) => bus.listen(() => undefined, resolve));
    let attached: AttachedKey | undefined;
    try {
      const key = await HidSmartKey.connect(bus);
      const info = await key.info({ signal: AbortSignal.timeout(HELLO_MS) });
      const deviceId = this.#name(info);
      const queue = new WorkQueue(() => this.refresh(deviceId));
      attached = { deviceId, key, queue, info };
    } catch (cause) {
      this.#log.warn({ transport: transport.name, cause: String(cause) }, "no key answers here");
      bus.close();
      return;
    }
    if (!bus.gone) this.#add(attached);
    await left;
    this.#remove(attached);
  }

  #tell(): void {
    for (const changed of this.#watchers) changed();
  }

  #add(attached: AttachedKey): void {
    this.#keys.set(attached.deviceId, attached);
    this.#log.info({ deviceId: attached.deviceId, model: attached.info.model }, "key plugged in");
    this.#tell();
  }

  #remove(attached: AttachedKey): void {
    if (!this.#keys.delete(attached.deviceId)) return;
    this.#log.info({ deviceId: attached.deviceId }, "key has left");
    this.#tell();
  }

  // The serial, as long as nobody else claims it: a device chooses what it calls itself.
  #name(info: KeyInfo): string {
    const plain = info.serial.replace(/[^A-Za-z0-9_-]/g, "_");
    return this.#keys.has(plain) ? `${plain}-${randomBytes(4).toString("hex")}` : plain;
  }
}
