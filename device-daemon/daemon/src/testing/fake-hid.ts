import { EventEmitter } from "node:events";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  encodeInitAnswer,
  encodeKeyInfo,
  encodeMessage,
  encodeOk,
  GlyphProfile,
  HidCommand,
  KeyAlgorithm,
  parseReport,
  PinState,
  Reassembler,
} from "@countersign/key-protocol";
import type { HidApi, HidDevice, ListedInterface } from "../hid/hid-api.ts";

/** What an open device has open: a file that nobody else in the process does. */
export const DEVICE_NODE: string = fileURLToPath(import.meta.url);

/** An interface that is plugged in, and how it behaves. */
export interface FakeInterface extends ListedInterface {
  readonly path: string;
  /** Opens, and then says nothing. */
  readonly mute?: boolean;
  /** This user may not open it. */
  readonly denied?: boolean;
}

/** node-hid with devices of the test's: each open one costs a real descriptor, as a hidraw node does. */
export class FakeHid implements HidApi {
  readonly opened: string[] = [];
  readonly #plugged = new Map<string, FakeInterface>();
  readonly #open = new Map<string, FakeDevice>();
  /** Opens that fail before the next one works. */
  failures = 0;
  /** The list cannot be had. */
  broken = false;

  plug(...interfaces: readonly FakeInterface[]): void {
    for (const each of interfaces) this.#plugged.set(each.path, each);
  }

  /** Pulls it out; whoever has it open is told as node-hid tells it, unless `silently`. */
  unplug(path: string, silently = false): void {
    this.#plugged.delete(path);
    if (!silently) this.#open.get(path)?.pull();
    this.#open.delete(path);
  }

  /** Commands that the open device of this path has heard. */
  heardOn(path: string): readonly number[] {
    return this.#open.get(path)?.commands ?? [];
  }

  async devices(): Promise<readonly ListedInterface[]> {
    if (this.broken) throw new TypeError("libusb is not there");
    return [...this.#plugged.values()];
  }

  async open(path: string): Promise<HidDevice> {
    const plugged = this.#plugged.get(path);
    if (plugged?.denied === true) throw new TypeError(`cannot open device with path ${path}: Permission denied`);
    if (plugged === undefined || this.failures > 0) {
      this.failures--;
      throw new TypeError(`cannot open device with path ${path}: No such device`);
    }
    const device = new FakeDevice(plugged);
    this.#open.set(path, device);
    this.opened.push(path);
    return device;
  }
}

class FakeDevice extends EventEmitter implements HidDevice {
  readonly commands: number[] = [];
  readonly #interface: FakeInterface;
  readonly #messages = new Map<number, Reassembler>();
  readonly #descriptor = openSync(DEVICE_NODE, "r");
  #pulled = false;

  constructor(given: FakeInterface) {
    super();
    this.#interface = given;
  }

  pull(): void {
    this.#pulled = true;
    this.emit("error", "could not read from HID device");
  }

  async write(numbered: Buffer): Promise<number> {
    if (this.#pulled) throw new TypeError("Cannot write to hid device");
    const report = new Uint8Array(numbered.subarray(1));
    const { channel } = parseReport(report);
    const messages = this.#messages.get(channel) ?? new Reassembler(channel);
    this.#messages.set(channel, messages);
    const message = messages.accept(report);
    if (message !== undefined) this.commands.push(message.command);
    if (message !== undefined && this.#interface.mute !== true) this.#answer(channel, message.command, message.payload);
    return numbered.length;
  }

  async close(): Promise<void> {
    closeSync(this.#descriptor);
    if (this.#pulled) throw new TypeError("device disconnected");
  }

  #answer(channel: number, command: number, payload: Uint8Array): void {
    const answer =
      command === HidCommand.INIT
        ? encodeInitAnswer({ nonce: payload, channel: 0x01020304, version: [0, 1, 0], capabilities: 8 })
        : encodeOk(encodeKeyInfo(infoOf(this.#interface.serialNumber ?? "FAKE")));
    for (const report of encodeMessage(channel, command, answer)) {
      queueMicrotask(() => this.emit("data", Buffer.from(report)));
    }
  }
}

function infoOf(serial: string): Parameters<typeof encodeKeyInfo>[0] {
  return {
    protocolVersion: 1,
    model: "fake",
    serial,
    keypad: true,
    biometric: false,
    algorithms: [KeyAlgorithm.ES256],
    maxRequest: 1768,
    registryVersion: 1,
    glyphProfile: GlyphProfile.ASCII,
    pinState: PinState.SET,
    retries: 8,
    firmware: "0.1.0",
  };
}
