import type { GadgetPort } from "../gadget-port.ts";
import type { RecordFile } from "../record-file.ts";
import type { ContractHost } from "./backend-contract.ts";
import { ReportPipe } from "./report-pipe.ts";

/**
 * The kernel's f_hid with one function: its device is there while the gadget is bound, it takes one report at a time, and
 * a device that is open when the gadget goes is a bug of the caller.
 */
export class FakeGadget implements GadgetPort {
  readonly path: string = "/dev/hidg0";
  #bound: { readonly input: ReportPipe; readonly lost: PromiseWithResolvers<void> } | undefined;
  #output: ReportPipe | undefined;
  #isWriting = false;

  bind(): void {
    this.#bound = { input: new ReportPipe(), lost: Promise.withResolvers() };
  }

  unbind(): void {
    if (this.#output !== undefined) throw new Error("the gadget was unbound while its device was open");
    this.#bound?.lost.resolve();
    this.#bound?.input.break("the device has left");
    this.#bound = undefined;
  }

  readonly open = (path: string): Promise<RecordFile> => {
    const bound = this.#bound;
    if (path !== this.path || bound === undefined) return Promise.reject(new Error("ENOENT"));
    const output = new ReportPipe();
    this.#output = output;
    return Promise.resolve({
      read: () => output.take(),
      write: async (report) => {
        if (this.#isWriting) throw new Error("a report was written before the host had the last one");
        this.#isWriting = true;
        await Promise.resolve();
        bound.input.put(report);
        this.#isWriting = false;
      },
      close: () => {
        this.#output = undefined;
        output.break("the file is closed");
        return Promise.resolve();
      },
    });
  };

  openHost(): ContractHost {
    const bound = this.#bound;
    if (bound === undefined) throw new Error("no device: nothing to open");
    return {
      write: (report) => {
        this.#output?.put(report);
        return Promise.resolve();
      },
      read: () => bound.input.take(),
      lost: bound.lost.promise,
    };
  }
}
