import { FramingError } from "./framing-error.ts";
import { FIRST_DATA, MAX_MESSAGE, parseReport, type Report } from "./report.ts";

/** A whole message of one channel. */
export interface Message {
  readonly command: number;
  readonly payload: Uint8Array;
}

type Partial = { readonly command: number; readonly payload: Uint8Array; filled: number; sequence: number };

/**
 * Puts the reports of one channel together.
 *
 * Everything in a report is controlled by the other side. Reports of other channels and continuations of no message are
 * passed over; a message over 1768 bytes, a skipped or repeated sequence number and a first report in the middle of a
 * message throw FramingError and drop what was gathered. Memory is bounded by one message.
 */
export class Reassembler {
  readonly channel: number;
  #partial: Partial | undefined;

  constructor(channel: number) {
    this.channel = channel;
  }

  /** A message has begun and lacks reports. */
  get busy(): boolean {
    return this.#partial !== undefined;
  }

  /** Forgets a message that has begun. */
  reset(): void {
    this.#partial = undefined;
  }

  /** Takes one 64-byte report; the message, once it is whole. */
  accept(bytes: Uint8Array): Message | undefined {
    return this.acceptReport(parseReport(bytes));
  }

  /** As `accept`, for a report that is already taken apart. */
  acceptReport(report: Report): Message | undefined {
    if (report.channel !== this.channel) return undefined;
    return report.type === "first" ? this.#begin(report) : this.#continue(report);
  }

  #begin(report: Extract<Report, { type: "first" }>): Message | undefined {
    if (this.#partial !== undefined) {
      this.reset();
      throw new FramingError("unexpected-first", "a message began before the last one was whole");
    }
    if (report.length > MAX_MESSAGE) {
      throw new FramingError("too-long", `a message has at most ${MAX_MESSAGE} bytes, this one ${report.length}`);
    }
    const payload = new Uint8Array(report.length);
    const filled = Math.min(report.length, FIRST_DATA);
    payload.set(report.data.subarray(0, filled));
    this.#partial = { command: report.command, payload, filled, sequence: 0 };
    return this.#finish(this.#partial);
  }

  #continue(report: Extract<Report, { type: "next" }>): Message | undefined {
    const partial = this.#partial;
    if (partial === undefined) return undefined;
    if (report.sequence !== partial.sequence) {
      this.reset();
      throw new FramingError("bad-sequence", `report ${partial.sequence} was due, ${report.sequence} came`);
    }
    const data = report.data.subarray(0, partial.payload.length - partial.filled);
    partial.payload.set(data, partial.filled);
    partial.filled += data.length;
    partial.sequence++;
    return this.#finish(partial);
  }

  #finish(partial: Partial): Message | undefined {
    if (partial.filled < partial.payload.length) return undefined;
    this.reset();
    return { command: partial.command, payload: partial.payload };
  }
}
