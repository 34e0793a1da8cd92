import { endianness } from "node:os";
import type { RecordFile } from "../record-file.ts";
import type { ContractHost } from "./backend-contract.ts";
import { ReportPipe } from "./report-pipe.ts";

const LITTLE = endianness() === "LE";

/**
 * The kernel's side of `/dev/uhid`, written after linux `drivers/hid/uhid.c` and not after our codec: one device a file,
 * START after CREATE2, STOP after DESTROY, EINVAL for anything before or after.
 */
export class FakeUhid {
  /** Answers that the device gave to requests on its control pipe: type, id, error. */
  readonly answers: (readonly [type: number, id: number, error: number])[] = [];
  /** Files that are open now. */
  openFiles = 0;
  #events = new ReportPipe();
  #host: { readonly input: ReportPipe; readonly lost: PromiseWithResolvers<void> } | undefined;

  readonly open = (path: string): Promise<RecordFile> => {
    if (path !== "/dev/uhid") return Promise.reject(new Error(`no such device: ${path}`));
    const events = new ReportPipe();
    this.#events = events;
    this.openFiles += 1;
    return Promise.resolve({
      read: () => events.take(),
      write: (event) => this.#take(event),
      close: () => {
        this.openFiles -= 1;
        this.#leave();
        events.break("the file is closed");
        return Promise.resolve();
      },
    });
  };

  /** A program opens the hidraw node. */
  openHost(): ContractHost {
    const host = this.#host;
    if (host === undefined) throw new Error("no device: nothing to open");
    this.#events.put(eventOf(4));
    return {
      // hidapi puts the report number 0 in front, and the kernel passes on what was written.
      write: (report) => {
        this.#events.put(eventOf(6, [4, Uint8Array.of(0, ...report)], [4100, u16(report.length + 1)]));
        return Promise.resolve();
      },
      read: () => host.input.take(),
      lost: host.lost.promise,
    };
  }

  /** A host asks on the control pipe: 13 to set a report, 9 to get one. */
  askControl(type: 9 | 13, id: number): void {
    this.#events.put(eventOf(type, [4, u32(id)]));
  }

  #take(event: Uint8Array): Promise<void> {
    const view = new DataView(event.buffer, event.byteOffset, event.length);
    const type = view.getUint32(0, LITTLE);
    if ((type === 11) === (this.#host !== undefined)) return Promise.reject(new Error("EINVAL"));
    if (type === 11) {
      this.#host = { input: new ReportPipe(), lost: Promise.withResolvers() };
      this.#events.put(eventOf(2));
    } else if (type === 1) {
      this.#leave();
      this.#events.put(eventOf(3));
    } else if (type === 12) {
      this.#host?.input.put(event.slice(6, 6 + view.getUint16(4, LITTLE)));
    } else {
      this.answers.push([type, view.getUint32(4, LITTLE), view.getUint16(8, LITTLE)]);
    }
    return Promise.resolve();
  }

  #leave(): void {
    this.#host?.lost.resolve();
    this.#host?.input.break("the device has left");
    this.#host = undefined;
  }
}

function eventOf(type: number, ...pieces: readonly (readonly [at: number, bytes: Uint8Array])[]): Uint8Array {
  const event = new Uint8Array(4376);
  for (const [at, bytes] of [[0, u32(type)] as const, ...pieces]) event.set(bytes, at);
  return event;
}

function u32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

function u16(value: number): Uint8Array {
  return new Uint8Array(Uint16Array.of(value).buffer);
}
