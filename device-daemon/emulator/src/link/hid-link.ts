import {
  BROADCAST,
  encodeInitAnswer,
  encodeMessage,
  FIRST_DATA,
  FramingError,
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
import type { Dialect } from "./dialect.ts";

/** Channels that are remembered; the one that was silent longest is forgotten beyond. */
const MAX_CHANNELS = 64;

type First = Extract<Report, { type: "first" }>;

/**
 * The device's end of CTAPHID on one interface: channels, one transaction at a time, time-outs, keepalives
 * (docs/protocol/hid.md sections 2 to 4). Every report is controlled by the host; none of them makes it throw.
 */
export class HidLink {
  readonly #dialect: Dialect;
  readonly #application: Application;
  readonly #elsewhere: () => boolean;
  readonly #send: (report: Uint8Array) => void;
  readonly #clock: KeyClock;
  readonly #random: Random;
  readonly #channels = new Set<number>();
  #assembling: { readonly message: Reassembler; lastAt: number } | undefined;
  #open: { readonly channel: number; saidAt: number; said: WaitsFor | undefined } | undefined;

  constructor(given: {
    readonly dialect: Dialect;
    readonly application: Application;
    /** True while another interface of the key has a transaction: there is one at a time over all of them. */
    readonly elsewhere: () => boolean;
    readonly send: (report: Uint8Array) => void;
    readonly clock: KeyClock;
    readonly random: Random;
  }) {
    this.#dialect = given.dialect;
    this.#application = given.application;
    this.#elsewhere = given.elsewhere;
    this.#send = given.send;
    this.#clock = given.clock;
    this.#random = given.random;
  }

  /** A transaction is on: its message still lacks reports, or it is being answered. */
  get busy(): boolean {
    return this.#assembling !== undefined || this.#open !== undefined;
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
    this.#reply(open.channel, HidCommand.KEEPALIVE, this.#dialect.keepalive(waitsFor));
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
        capabilities: this.#dialect.capabilities,
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
      return;
    }
    this.#remember(channel);
    if (command === HidCommand.CANCEL) {
      if (this.#open?.channel === channel) this.#application.cancel();
    } else if (this.#assembling !== undefined && this.#assembling.message.channel === channel) {
      this.#assembling = undefined;
      this.#error(channel, HidError.INVALID_SEQUENCE);
    } else if (this.#isTaken(channel)) {
      this.#error(channel, HidError.CHANNEL_BUSY);
    } else if (this.#open !== undefined) {
      this.#during(report);
    } else {
      this.#assemble(new Reassembler(channel), report);
    }
  }

  #isTaken(channel: number): boolean {
    if (this.#assembling !== undefined || this.#elsewhere()) return true;
    return this.#open !== undefined && this.#open.channel !== channel;
  }

  // On the channel of the open request only one-report messages are read: a code, a cancel.
  #during(report: First): void {
    const single = report.command === this.#dialect.command && report.length <= FIRST_DATA;
    const answer = single ? this.#application.during(report.data.slice(0, report.length)) : undefined;
    if (answer === undefined) this.#error(report.channel, HidError.CHANNEL_BUSY);
    else if (answer === "cancel") this.#application.cancel();
    else this.#reply(report.channel, this.#dialect.command, answer);
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
      case this.#dialect.command:
        if (message.payload.length < this.#dialect.shortest) this.#error(channel, HidError.INVALID_LENGTH);
        // Asked again: since its first report the person may have opened the key's own menu.
        else if (this.#elsewhere()) this.#error(channel, HidError.CHANNEL_BUSY);
        else this.#request(channel, message.payload);
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
      this.#reply(channel, this.#dialect.command, reply);
    });
  }

  #newChannel(): number {
    let channel: number;
    do {
      channel = new DataView(this.#random(4).slice().buffer).getUint32(0);
    } while (channel === 0 || channel === BROADCAST || this.#channels.has(channel));
    this.#channels.add(channel);
    if (this.#channels.size > MAX_CHANNELS) {
      const silent = [...this.#channels].find((held) => held !== this.#open?.channel);
      if (silent !== undefined) this.#channels.delete(silent);
    }
    return channel;
  }

  // A set keeps its order: who spoke last stands last.
  #remember(channel: number): void {
    this.#channels.delete(channel);
    this.#channels.add(channel);
  }

  #reply(channel: number, command: number, payload: Uint8Array): void {
    for (const report of encodeMessage(channel, command, payload)) this.#send(report);
  }

  #error(channel: number, error: HidError): void {
    this.#reply(channel, HidCommand.ERROR, Uint8Array.of(error));
  }
}
