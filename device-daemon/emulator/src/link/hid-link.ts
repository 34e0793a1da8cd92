import {
  BROADCAST,
  encodeInitAnswer,
  encodeKeepalive,
  encodeMessage,
  FIRST_DATA,
  FramingError,
  HidCapability,
  HidCommand,
  HidError,
  INIT_NONCE,
  KEEPALIVE_EVERY_MS,
  type Message,
  parseReport,
  Reassembler,
  type Report,
  REPORT_TIMEOUT_MS,
  type WaitsFor,
} from "@countersign/key-protocol";
import type { KeyClock } from "../device.ts";
import type { Random } from "../storage/random.ts";
import type { Application } from "./application.ts";

/** Channels that are remembered; the oldest is forgotten beyond. */
const MAX_CHANNELS = 64;

type First = Extract<Report, { type: "first" }>;

/**
 * The device's end of CTAPHID: channels, one transaction at a time, time-outs, keepalives (docs/protocol/hid.md sections
 * 2 to 4). Every report is controlled by the host; none of them makes it throw.
 */
export class HidLink {
  readonly #application: Application;
  readonly #send: (report: Uint8Array) => void;
  readonly #clock: KeyClock;
  readonly #random: Random;
  readonly #channels = new Set<number>();
  #assembling: { readonly message: Reassembler; lastAt: number } | undefined;
  #open: { readonly channel: number; saidAt: number; said: WaitsFor | undefined } | undefined;

  constructor(given: {
    readonly application: Application;
    readonly send: (report: Uint8Array) => void;
    readonly clock: KeyClock;
    readonly random: Random;
  }) {
    this.#application = given.application;
    this.#send = given.send;
    this.#clock = given.clock;
    this.#random = given.random;
  }

  /** Takes one report of 64 bytes from the host; any other size is dropped. */
  receive(bytes: Uint8Array): void {
    let report: Report;
    try {
      report = parseReport(bytes);
    } catch {
      return;
    }
    if (report.type === "next") this.#continue(report);
    else if (report.command === HidCommand.INIT) this.#init(report);
    else this.#begin(report);
  }

  /** Time has gone by: gives up a message whose next report is late, says that the key still works. */
  tick(): void {
    const now = this.#clock.now();
    const assembling = this.#assembling;
    if (assembling !== undefined && now - assembling.lastAt >= REPORT_TIMEOUT_MS) {
      this.#assembling = undefined;
      this.#error(assembling.message.channel, HidError.MESSAGE_TIMEOUT);
    }
    const open = this.#open;
    if (open === undefined) return;
    const waitsFor = this.#application.waitsFor();
    if (waitsFor === open.said && now - open.saidAt < KEEPALIVE_EVERY_MS) return;
    open.saidAt = now;
    open.said = waitsFor;
    this.#reply(open.channel, HidCommand.KEEPALIVE, encodeKeepalive(waitsFor));
  }

  #init(report: First): void {
    const { channel } = report;
    if (channel === 0 || (channel !== BROADCAST && !this.#channels.has(channel))) {
      this.#error(channel, HidError.INVALID_CHANNEL);
      return;
    }
    if (report.length !== INIT_NONCE) {
      this.#error(channel, HidError.INVALID_LENGTH);
      return;
    }
    if (channel !== BROADCAST) this.#resync(channel);
    this.#reply(
      channel,
      HidCommand.INIT,
      encodeInitAnswer({
        nonce: report.data.slice(0, INIT_NONCE),
        channel: channel === BROADCAST ? this.#newChannel() : channel,
        version: [0, 1, 0],
        capabilities: HidCapability.WINK | HidCapability.NO_MSG,
      }),
    );
  }

  // INIT on a live channel drops what it has begun, on both levels, without another answer.
  #resync(channel: number): void {
    if (this.#assembling?.message.channel === channel) this.#assembling = undefined;
    if (this.#open?.channel === channel) {
      this.#open = undefined;
      this.#application.abort();
    }
  }

  #begin(report: First): void {
    const { channel, command } = report;
    if (!this.#channels.has(channel)) {
      this.#error(channel, HidError.INVALID_CHANNEL);
    } else if (command === HidCommand.CANCEL) {
      if (this.#open?.channel === channel) this.#application.cancel();
    } else if (this.#assembling !== undefined && this.#assembling.message.channel === channel) {
      this.#assembling = undefined;
      this.#error(channel, HidError.INVALID_SEQUENCE);
    } else if (this.#assembling !== undefined || (this.#open !== undefined && this.#open.channel !== channel)) {
      this.#error(channel, HidError.CHANNEL_BUSY);
    } else if (this.#open !== undefined) {
      this.#during(report);
    } else {
      this.#assemble(new Reassembler(channel), report);
    }
  }

  // On the channel of the open request only one-report messages are read: a code, a cancel.
  #during(report: First): void {
    const single = report.command === HidCommand.COUNTERSIGN && report.length <= FIRST_DATA;
    const answer = single ? this.#application.during(report.data.slice(0, report.length)) : undefined;
    if (answer === undefined) this.#error(report.channel, HidError.CHANNEL_BUSY);
    else if (answer === "cancel") this.#application.cancel();
    else this.#reply(report.channel, HidCommand.COUNTERSIGN, answer);
  }

  #continue(report: Extract<Report, { type: "next" }>): void {
    const assembling = this.#assembling;
    if (assembling !== undefined && assembling.message.channel === report.channel) {
      this.#assemble(assembling.message, report);
    }
  }

  #assemble(message: Reassembler, report: Report): void {
    try {
      const whole = message.acceptReport(report);
      this.#assembling = whole === undefined ? { message, lastAt: this.#clock.now() } : undefined;
      if (whole !== undefined) this.#dispatch(report.channel, whole);
    } catch (cause) {
      if (!(cause instanceof FramingError)) throw cause;
      this.#assembling = undefined;
      this.#error(report.channel, cause.code === "too-long" ? HidError.INVALID_LENGTH : HidError.INVALID_SEQUENCE);
    }
  }

  #dispatch(channel: number, message: Message): void {
    switch (message.command) {
      case HidCommand.PING:
        this.#reply(channel, HidCommand.PING, message.payload);
        return;
      case HidCommand.WINK:
        this.#reply(channel, HidCommand.WINK, new Uint8Array(0));
        return;
      case HidCommand.COUNTERSIGN:
        this.#request(channel, message.payload);
        return;
      default:
        this.#error(channel, HidError.INVALID_COMMAND);
    }
  }

  #request(channel: number, payload: Uint8Array): void {
    const open = { channel, saidAt: this.#clock.now(), said: undefined };
    this.#open = open;
    this.#application.begin(channel, payload, (reply) => {
      if (this.#open !== open) return;
      this.#open = undefined;
      this.#reply(channel, HidCommand.COUNTERSIGN, reply);
    });
  }

  #newChannel(): number {
    let channel: number;
    do {
      channel = new DataView(this.#random(4).slice().buffer).getUint32(0);
    } while (channel === 0 || channel === BROADCAST || this.#channels.has(channel));
    this.#channels.add(channel);
    if (this.#channels.size > MAX_CHANNELS) {
      const oldest = [...this.#channels].find((held) => held !== this.#open?.channel);
      if (oldest !== undefined) this.#channels.delete(oldest);
    }
    return channel;
  }

  #reply(channel: number, command: number, payload: Uint8Array): void {
    for (const report of encodeMessage(channel, command, payload)) this.#send(report);
  }

  #error(channel: number, error: HidError): void {
    this.#reply(channel, HidCommand.ERROR, Uint8Array.of(error));
  }
}
