import { REPORT_SIZE } from "@countersign/key-protocol";
import { type Device, devicesAsync, HIDAsync } from "node-hid";
import type { HidTransport } from "./hid-transport.ts";
import { LinkError } from "./link-error.ts";

/** Usage page and usage of the vendor interface; FIDO's 0xF1D0 beside it is not ours to speak on. */
const USAGE_PAGE = 0xff43;
const USAGE = 1;

/** The part of node-hid that is used; the tests put a device of their own in its place. */
export interface HidApi {
  devices(): Promise<readonly Device[]>;
  open(path: string): Promise<HidDevice>;
}

/** An open device of node-hid. Its "error" event carries a string. */
export interface HidDevice {
  write(report: Buffer): Promise<number>;
  close(): Promise<void>;
  on(event: "data", listener: (report: Buffer) => void): unknown;
  on(event: "error", listener: (cause: unknown) => void): unknown;
}

const nodeHid: HidApi = { devices: () => devicesAsync(), open: (path) => HIDAsync.open(path) };

/** Paths of the Countersign keys on the bus. */
export async function findCountersignDevices(api: HidApi = nodeHid): Promise<readonly string[]> {
  const devices = await api.devices();
  return devices
    .filter((device) => device.usagePage === USAGE_PAGE && device.usage === USAGE)
    .flatMap((device) => (device.path === undefined ? [] : [device.path]));
}

/** A real key behind node-hid. */
export class NodeHidTransport implements HidTransport {
  readonly name: string;
  readonly #device: HidDevice;
  #onReport: ((report: Uint8Array) => void) | undefined;
  #onClose: (() => void) | undefined;
  #closed = false;

  private constructor(path: string, device: HidDevice) {
    this.name = path;
    this.#device = device;
    device.on("data", (report) => this.#onReport?.(new Uint8Array(report)));
    device.on("error", () => this.close());
  }

  /** Rejects with LinkError: "permission" where this user may not open the device, else "left". */
  static async open(path: string, api: HidApi = nodeHid): Promise<NodeHidTransport> {
    try {
      return new NodeHidTransport(path, await api.open(path));
    } catch (cause) {
      const denied = /permission|access denied|EACCES/i.test(String(cause));
      throw new LinkError(denied ? "permission" : "left", `the key at ${path} cannot be opened`, { cause });
    }
  }

  async write(report: Uint8Array): Promise<void> {
    // hidapi wants the report number first, 0 for devices that have none, and counts it among the bytes it took.
    const numbered = Buffer.concat([Buffer.of(0), report]);
    let taken: number;
    try {
      taken = await this.#device.write(numbered);
    } catch (cause) {
      this.close();
      throw new LinkError("left", `the key at ${this.name} has left`, { cause });
    }
    if (taken !== REPORT_SIZE + 1) throw new LinkError("garbled", `the key took ${taken} of ${REPORT_SIZE + 1} bytes`);
  }

  onReport(listener: (report: Uint8Array) => void): void {
    this.#onReport = listener;
  }

  onClose(listener: () => void): void {
    if (this.#closed) listener();
    else this.#onClose = listener;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // A device that was pulled out may refuse to be closed; there is nothing left to do about it.
    this.#device.close().catch(() => undefined);
    this.#onClose?.();
  }
}
