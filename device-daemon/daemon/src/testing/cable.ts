import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { HidCommand, parseReport, Reassembler, REPORT_SIZE, Subcommand } from "@countersign/key-protocol";

/** One report on its way. `at` counts the reports of its direction, from 0, since the last `use`. */
export interface Passing {
  readonly from: "host" | "key";
  readonly at: number;
  readonly report: Uint8Array;
}

/** What comes out at the other end: nothing is a loss, two are a doubling. */
export type Fault = (passing: Passing) => readonly Uint8Array[];

const whole: Fault = ({ report }) => [report];

/** A cable between daemon and key that can be cut, and that loses, doubles, holds back and changes reports as told. */
export class Cable {
  /** Every report that entered, in order. */
  readonly log: Passing[] = [];
  readonly #server: Server;
  readonly #keySocket: string;
  readonly #ends = new Set<Socket>();
  #fault: Fault = whole;
  #counts = { host: 0, key: 0 };

  private constructor(keySocket: string) {
    this.#keySocket = keySocket;
    this.#server = createServer((host) => this.#plug(host));
  }

  /** Lays a cable from `path` to the key's socket. */
  static async lay(path: string, keySocket: string): Promise<Cable> {
    const cable = new Cable(keySocket);
    await new Promise<void>((resolve) => cable.#server.listen(path, resolve));
    return cable;
  }

  /** From now on reports pass through `fault`. Counts start anew. */
  use(fault: Fault = whole): void {
    this.#fault = fault;
    this.#counts = { host: 0, key: 0 };
  }

  /**
   * Waits until nothing is on its way: the daemon asks behind each request how the key is, and the answer to the request
   * may be told before that. To be called when at least one request has been answered.
   */
  async untilQuiet(): Promise<void> {
    for (;;) {
      const at = this.log.findLastIndex((each) => requestOf(each) !== undefined);
      const last = this.log[at];
      if (last !== undefined && requestOf(last) === Subcommand.GET_INFO && this.#isAnswered(last, at)) return;
      await sleep(5);
    }
  }

  #isAnswered(asked: Passing, at: number): boolean {
    const { channel } = parseReport(asked.report);
    const answer = new Reassembler(channel);
    const reports = this.log
      .slice(at)
      .filter(({ from, report }) => from === "key" && parseReport(report).channel === channel);
    return reports.some(({ report }) => answer.accept(report)?.command === HidCommand.COUNTERSIGN);
  }

  /** Pulls it out: both ends notice at once. It is there again for the next opener. */
  cut(): void {
    for (const end of this.#ends) end.destroy();
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.cut();
    await closed;
  }

  #plug(host: Socket): void {
    const key = connect(this.#keySocket);
    for (const [end, other] of [
      [host, key],
      [key, host],
    ] as const) {
      this.#ends.add(end);
      end.on("error", () => end.destroy());
      end.on("close", () => {
        this.#ends.delete(end);
        other.destroy();
      });
    }
    this.#carry("host", host, key);
    this.#carry("key", key, host);
  }

  #carry(from: "host" | "key", source: Socket, target: Socket): void {
    let pending: Uint8Array = new Uint8Array(0);
    source.on("data", (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      for (; pending.length >= REPORT_SIZE; pending = pending.slice(REPORT_SIZE)) {
        const passing = { from, at: this.#counts[from]++, report: new Uint8Array(pending.slice(0, REPORT_SIZE)) };
        this.log.push(passing);
        for (const report of this.#fault(passing)) if (!target.destroyed) target.write(report);
      }
    });
  }
}

/** The subcommand of a request of the daemon, by its first report. */
function requestOf({ from, report }: Passing): number | undefined {
  const parsed = parseReport(report);
  const isRequest = from === "host" && parsed.type === "first" && parsed.command === HidCommand.COUNTERSIGN;
  return isRequest ? parsed.data[0] : undefined;
}
