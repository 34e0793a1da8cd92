import { HidCommand } from "../command.ts";
import { BROADCAST, encodeMessage, MAX_MESSAGE, REPORT_SIZE } from "../report.ts";
import { SeededRandom } from "./seeded-random.ts";

/** One way to break the reports of a message. */
export const MUTATIONS = [
  "whole",
  "swap",
  "shuffle",
  "drop",
  "double",
  "restart",
  "cut",
  "interleave",
  "sequence",
  "channel",
  "length",
  "command",
  "flip",
  "size",
  "garbage",
  "late",
] as const;
export type Mutation = (typeof MUTATIONS)[number];

/** A report as a hostile end sends it. */
export interface MutatedReport {
  /** Mostly 64 bytes, not always. */
  readonly report: Uint8Array;
  /** To be sent only after a pause longer than the time between two reports allows. */
  readonly late: boolean;
  readonly mutation: Mutation;
}

/** A message before it is broken. */
export interface MutatorMessage {
  readonly command: number;
  /** At most 1768 bytes. */
  readonly payload: Uint8Array;
}

/** What a mutator is told about the link. */
export interface MutatorGiven {
  readonly seed: number;
  /** Channels that are open now; asked before each message, so that it may change. */
  channels(): readonly number[];
  /** The message to break next; without it, any command with random bytes. */
  message?(random: SeededRandom): MutatorMessage;
}

const COMMANDS: readonly number[] = [...Object.values(HidCommand), 0x00, 0x40, 0x51, 0x7f];
const LENGTHS: readonly number[] = [0, 1, 7, 8, 17, 56, 57, 58, 116, 117, 1767, MAX_MESSAGE];
const WRONG_LENGTHS: readonly number[] = [0, 1, 58, MAX_MESSAGE, MAX_MESSAGE + 1, 7609, 7610, 0x8000, 0xffff];
const WRONG_SIZES: readonly number[] = [0, 1, 4, 5, 6, 7, 63, 65, 128, 4096];

/**
 * A hostile end of a CTAPHID link, either one: well-formed messages, each broken in one of MUTATIONS' ways, report by
 * report without end. The same seed and the same channels give the same reports.
 */
export class ReportMutator {
  readonly #given: MutatorGiven;
  readonly #random: SeededRandom;
  #queue: MutatedReport[] = [];
  #at = 0;

  constructor(given: MutatorGiven) {
    this.#given = given;
    this.#random = new SeededRandom(given.seed);
  }

  /** The next report. */
  next(): MutatedReport {
    while (this.#at >= this.#queue.length) {
      this.#queue = this.#breakNext();
      this.#at = 0;
    }
    return this.#queue[this.#at++] as MutatedReport;
  }

  #breakNext(): MutatedReport[] {
    const mutation = this.#random.pick(MUTATIONS);
    const reports = this.#mutate(mutation, this.#reports());
    const lateAt = mutation === "late" ? this.#random.below(reports.length) : -1;
    return reports.map((report, at) => ({ report, late: at === lateAt, mutation }));
  }

  #reports(): Uint8Array[] {
    const { command, payload } = this.#given.message?.(this.#random) ?? this.#anyMessage();
    return encodeMessage(this.#channel(), command, payload);
  }

  #anyMessage(): MutatorMessage {
    const length = this.#random.below(2) === 0 ? this.#random.pick(LENGTHS) : this.#random.below(300);
    return { command: this.#random.pick(COMMANDS), payload: this.#random.bytes(length) };
  }

  #channel(): number {
    const open = this.#given.channels();
    return open.length === 0 || this.#random.below(8) === 0 ? BROADCAST : this.#random.pick(open);
  }

  #mutate(mutation: Mutation, reports: Uint8Array[]): readonly Uint8Array[] {
    const at = this.#random.below(reports.length);
    const hit = reports[at] ?? new Uint8Array(REPORT_SIZE);
    switch (mutation) {
      case "whole":
      case "late":
        return reports;
      case "swap":
        return exchanged(reports, at, this.#random.below(reports.length));
      case "shuffle":
        return this.#shuffled(reports);
      case "drop":
        return reports.filter((report) => report !== hit);
      case "double":
        return reports.toSpliced(at, 0, hit);
      case "restart":
        return reports.toSpliced(at + 1, 0, ...reports.slice(0, 1));
      case "cut":
        return reports.slice(0, at + 1);
      case "interleave":
        return this.#interleaved(reports, this.#reports());
      case "size":
        return reports.with(at, resized(hit, this.#random.pick(WRONG_SIZES)));
      case "garbage":
        return reports.with(at, this.#random.bytes(REPORT_SIZE));
      case "sequence":
      case "channel":
      case "length":
      case "command":
      case "flip":
        return this.#overwrite(mutation, reports, at);
    }
  }

  #overwrite(
    mutation: "sequence" | "channel" | "length" | "command" | "flip",
    reports: Uint8Array[],
    at: number,
  ): readonly Uint8Array[] {
    const where = mutation === "length" || mutation === "command" ? 0 : at;
    const report = new Uint8Array(reports[where] ?? new Uint8Array(REPORT_SIZE));
    const view = new DataView(report.buffer);
    if (mutation === "sequence") view.setUint8(4, this.#random.below(128));
    if (mutation === "channel") view.setUint32(0, this.#random.pick(this.#wrongChannels()));
    if (mutation === "length") view.setUint16(5, this.#random.pick(WRONG_LENGTHS));
    if (mutation === "command") view.setUint8(4, 0x80 | this.#random.below(128));
    if (mutation === "flip") {
      const byte = this.#random.below(REPORT_SIZE);
      view.setUint8(byte, view.getUint8(byte) ^ (1 << this.#random.below(8)));
    }
    return reports.with(where, report);
  }

  #wrongChannels(): readonly number[] {
    return [0, BROADCAST, 1, this.#random.below(0x1_0000_0000), ...this.#given.channels()];
  }

  #shuffled(reports: readonly Uint8Array[]): readonly Uint8Array[] {
    let order = reports;
    for (let at = order.length - 1; at > 0; at--) order = exchanged(order, at, this.#random.below(at + 1));
    return order;
  }

  #interleaved(one: readonly Uint8Array[], other: readonly Uint8Array[]): readonly Uint8Array[] {
    const left = [[...one], [...other]].filter((queue) => queue.length > 0);
    const merged: Uint8Array[] = [];
    while (left.length > 0) {
      const queue = this.#random.pick(left);
      merged.push(...queue.splice(0, 1));
      if (queue.length === 0) left.splice(left.indexOf(queue), 1);
    }
    return merged;
  }
}

function exchanged(reports: readonly Uint8Array[], one: number, other: number): readonly Uint8Array[] {
  const [first, second] = [reports[one], reports[other]];
  return first === undefined || second === undefined ? reports : reports.with(one, second).with(other, first);
}

function resized(report: Uint8Array, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes.set(report.subarray(0, size));
  return bytes;
}
