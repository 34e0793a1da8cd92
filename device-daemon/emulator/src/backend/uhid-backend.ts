import type { Backend } from "./backend.ts";
import { openRecordFile, type OpenRecords, type RecordFile } from "./record-file.ts";
import {
  decodeEvent,
  encodeCreate,
  encodeDestroy,
  encodeInput,
  encodeRefusal,
  EVENT_SIZE,
  type UhidDevice,
} from "./uhid-event.ts";

/** Where the kernel takes devices of user space. Needs the module `uhid`, and root unless a rule says otherwise. */
const UHID = "/dev/uhid";

/** The kernel's driver takes a new device within this time, in milliseconds. */
const START_MS = 20_000;

/** One plugging in: the open device and the loop that reads what the kernel says about it. */
interface Plugged {
  readonly file: RecordFile;
  readonly reading: Promise<void>;
  /** The last write; each waits for the one before. */
  writing: Promise<void>;
}

/** An interface of the key as a HID device of the kernel: programs meet it as they meet a real one, on `/dev/hidrawN`. */
export class UhidBackend implements Backend {
  readonly #device: UhidDevice;
  readonly #onReport: (report: Uint8Array) => void;
  readonly #open: OpenRecords;
  #plugged: Plugged | undefined;

  constructor(device: UhidDevice, onReport: (report: Uint8Array) => void, open: OpenRecords = openRecordFile) {
    this.#device = device;
    this.#onReport = onReport;
    this.#open = open;
  }

  async plug(): Promise<void> {
    if (this.#plugged !== undefined) return;
    const file = await this.#open(UHID);
    const started = Promise.withResolvers<void>();
    const plugged: Plugged = { file, reading: this.#read(file, started.resolve), writing: Promise.resolve() };
    this.#plugged = plugged;
    plugged.reading.catch(started.reject);
    // Nobody waits for it any more once the kernel has refused the device.
    started.promise.catch(() => undefined);
    const late = setTimeout(() => {
      started.reject(new Error(`the kernel did not take the device within ${START_MS} ms; is hid-generic loaded?`));
    }, START_MS);
    try {
      await file.write(encodeCreate(this.#device));
      await started.promise;
    } catch (cause) {
      await this.unplug();
      throw cause;
    } finally {
      clearTimeout(late);
    }
  }

  async unplug(): Promise<void> {
    const plugged = this.#plugged;
    if (plugged === undefined) return;
    this.#plugged = undefined;
    await plugged.writing;
    // The kernel answers DESTROY with STOP, which ends the read; a device that it never took ends with its file.
    await plugged.file.write(encodeDestroy()).catch(() => undefined);
    await Promise.race([plugged.reading, after(1_000)]).catch(() => undefined);
    await plugged.file.close();
  }

  send(report: Uint8Array): void {
    const plugged = this.#plugged;
    if (plugged === undefined) return;
    this.#write(plugged, encodeInput(report));
  }

  #write(plugged: Plugged, event: Uint8Array): void {
    // A device that is leaving takes nothing; its host learns so from the bus.
    plugged.writing = plugged.writing.then(() => plugged.file.write(event)).catch(() => undefined);
  }

  async #read(file: RecordFile, started: () => void): Promise<void> {
    for (;;) {
      const event = decodeEvent(await file.read(EVENT_SIZE));
      const plugged = this.#plugged;
      if (plugged?.file !== file) {
        if (event.type === "stop") return;
      } else if (event.type === "start") started();
      else if (event.type === "output") this.#onReport(event.report);
      else if (event.type === "set-report" || event.type === "get-report") {
        this.#write(plugged, encodeRefusal(event.type, event.id));
      }
    }
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
