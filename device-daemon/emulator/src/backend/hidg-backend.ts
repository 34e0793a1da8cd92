import { REPORT_SIZE } from "@countersign/key-protocol";
import type { Backend } from "./backend.ts";
import type { GadgetPort } from "./gadget-port.ts";
import { openPolledFile } from "./polled-file.ts";
import type { OpenRecords, RecordFile } from "./record-file.ts";

/** One HID function of a USB gadget. */
export interface HidgFunction {
  /** Its device, `/dev/hidg0`. */
  readonly path: string;
  /** The gadget's plug; without one the gadget stays bound, and a key off the bus is one that is silent. */
  readonly port?: GadgetPort;
}

interface Plugged {
  readonly file: RecordFile;
  /** The last write: the function takes one report at a time, the next when the host has fetched it. */
  writing: Promise<void>;
}

/** An interface of the key as a function of a USB gadget: to the host, a device on a real bus. */
export class HidgBackend implements Backend {
  readonly #function: HidgFunction;
  readonly #onReport: (report: Uint8Array) => void;
  readonly #open: OpenRecords;
  #plugged: Plugged | undefined;

  constructor(given: HidgFunction, onReport: (report: Uint8Array) => void, open: OpenRecords = openPolledFile) {
    this.#function = given;
    this.#onReport = onReport;
    this.#open = open;
  }

  async plug(): Promise<void> {
    if (this.#plugged !== undefined) return;
    this.#function.port?.bind();
    const file = await this.#open(this.#function.path);
    const plugged = { file, writing: Promise.resolve() };
    this.#plugged = plugged;
    // The read ends when the file is closed, or when the gadget is taken away by somebody else.
    this.#read(plugged).catch(() => undefined);
  }

  async unplug(): Promise<void> {
    const plugged = this.#plugged;
    if (plugged === undefined) return;
    this.#plugged = undefined;
    // Closed first: the kernel's function must not lose its device while somebody holds it open.
    await plugged.file.close();
    this.#function.port?.unbind();
  }

  send(report: Uint8Array): void {
    const plugged = this.#plugged;
    if (plugged === undefined) return;
    plugged.writing = plugged.writing.then(() => plugged.file.write(report)).catch(() => undefined);
  }

  async #read(plugged: Plugged): Promise<void> {
    while (this.#plugged === plugged) {
      const report = await plugged.file.read(REPORT_SIZE);
      if (report.length === REPORT_SIZE && this.#plugged === plugged) this.#onReport(report);
    }
  }
}
