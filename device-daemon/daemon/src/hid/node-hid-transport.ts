import { REPORT_SIZE } from "@countersign/key-protocol";
import { type DeviceLock, FileLock } from "./device-lock.ts";
import { type HidApi, type HidDevice, nodeHid } from "./hid-api.ts";
import type { HidTransport } from "./hid-transport.ts";
import { LinkError } from "./link-error.ts";

/** How Linux, macOS and Windows say that this user may not open a device. */
const DENIED = /permission|not permitted|access (is )?denied|EACCES|EPERM|0xE00002E2/i;

/** A real key behind node-hid. */
export class NodeHidTransport implements HidTransport {
  readonly name: string;
  readonly lock: DeviceLock;
  readonly #device: HidDevice;
  #onReport: ((report: Uint8Array) => void) | undefined;
  #onClose: (() => void) | undefined;
  #closed = false;

  private constructor(path: string, device: HidDevice) {
    this.name = path;
    this.lock = new FileLock(path);
    this.#device = device;
    device.on("data", (report) => this.#onReport?.(new Uint8Array(report)));
    device.on("error", () => this.close());
  }

  /** Rejects with LinkError: "permission" where this user may not open the device, else "left". */
  static async open(path: string, api: HidApi = nodeHid): Promise<NodeHidTransport> {
    try {
      return new NodeHidTransport(path, await api.open(path));
    } catch (cause) {
      const fault = DENIED.test(String(cause)) ? "permission" : "left";
      throw new LinkError(fault, `the key at ${path} cannot be opened`, { cause });
    }
  }

  async write(report: Uint8Array): Promise<void> {
    if (this.#closed) throw new LinkError("left", `the key at ${this.name} has left`);
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
