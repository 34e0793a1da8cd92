import { setTimeout as sleep } from "node:timers/promises";
import { BROADCAST, encodeMessage, HidCommand, type Message, type WaitsFor } from "@countersign/key-protocol";
import { afterRunning } from "./after-running.ts";
import { AnswerWait, SILENCE_MS } from "./answer-wait.ts";
import type { HidBus } from "./hid-bus.ts";
import { initChannel } from "./init-channel.ts";
import { LinkError } from "./link-error.ts";

/** How long other programs may hold the key before we give up, and the pauses between our tries; milliseconds. */
export const BUSY_MS: BusyTimes = { total: 10_000, first: 50, most: 500 };

/** See BUSY_MS. */
export interface BusyTimes {
  readonly total: number;
  readonly first: number;
  readonly most: number;
}

/** What a caller hears and says while a request is open. */
export interface Watch {
  /** Ends the request: the key gets a CANCEL. */
  readonly signal: AbortSignal;
  /** What the key waits for, whenever that changes. */
  readonly onStep?: (waitsFor: WaitsFor) => void;
}

/**
 * The host's end of one CTAPHID channel: one request at a time. Loss, doubling and disorder of reports end in LinkError
 * "garbled" after an INIT that makes the channel usable again; they never hang, and nothing is sent a second time, except
 * after BUSY, which says that the key has not begun.
 */
export class HidChannel {
  readonly #bus: HidBus;
  #id: number;
  readonly #busy: BusyTimes;
  readonly #silenceMs: number;
  #aside: ((message: Message) => boolean) | undefined;

  private constructor(bus: HidBus, id: number, busy: BusyTimes, silenceMs: number) {
    this.#bus = bus;
    this.#id = id;
    this.#busy = busy;
    this.#silenceMs = silenceMs;
  }

  /** Asks the key for a channel. Rejects with LinkError. */
  static async open(bus: HidBus, busy: BusyTimes = BUSY_MS, silenceMs: number = SILENCE_MS): Promise<HidChannel> {
    const { channel } = await initChannel(bus, BROADCAST);
    return new HidChannel(bus, channel, busy, silenceMs);
  }

  /**
   * Sends one request and resolves with its answer. Rejects with FramingError "too-long" before the first report, with
   * LinkError, or with the signal's reason after the key was told to cancel.
   */
  async ask(command: number, payload: Uint8Array, watch: Watch): Promise<Uint8Array> {
    const reports = encodeMessage(this.#id, command, payload);
    const giveUp = performance.now() + this.#busy.total;
    for (let pause = this.#busy.first; ; pause = Math.min(pause * 2, this.#busy.most)) {
      watch.signal.throwIfAborted();
      const answer = await this.#locked(() => this.#once(reports, command, watch));
      if (answer !== "busy") return answer;
      if (performance.now() + pause > giveUp) throw new LinkError("busy", "another program holds the key");
      await sleep(pause, undefined, { signal: watch.signal });
    }
  }

  /**
   * Sends a one-report message beside the open request and resolves with the first answer for which `isAnswer` holds;
   * the open request does not see that one. Rejects with LinkError when none comes.
   */
  async askAside(
    command: number,
    payload: Uint8Array,
    isAnswer: (payload: Uint8Array) => boolean,
  ): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const late = (): void => reject(new LinkError("garbled", "the key did not answer"));
    const stop = afterRunning(SILENCE_MS * this.#bus.patience, late);
    this.#aside = (message) => {
      if (message.command !== command || !isAnswer(message.payload)) return false;
      resolve(message.payload);
      return true;
    };
    try {
      await this.#send(encodeMessage(this.#id, command, payload));
      return await promise;
    } finally {
      stop();
      this.#aside = undefined;
    }
  }

  async #locked(ask: () => Promise<Uint8Array | "busy">): Promise<Uint8Array | "busy"> {
    const release = await this.#bus.take();
    if (release === "held") return "busy";
    try {
      return await ask();
    } finally {
      release();
    }
  }

  async #once(reports: readonly Uint8Array[], command: number, watch: Watch): Promise<Uint8Array | "busy"> {
    const wait = new AnswerWait(this.#bus, {
      channel: this.#id,
      command,
      silenceMs: this.#silenceMs,
      onStep: watch.onStep,
      aside: (message) => this.#aside?.(message) ?? false,
    });
    const cancel = (): void => {
      void this.#send(encodeMessage(this.#id, HidCommand.CANCEL, new Uint8Array(0))).catch(() => undefined);
      wait.cancelled();
    };
    try {
      await this.#send(reports);
      wait.sent();
      if (watch.signal.aborted) cancel();
      else watch.signal.addEventListener("abort", cancel, { once: true });
      const answer = await wait.answer;
      watch.signal.throwIfAborted();
      return answer;
    } catch (cause) {
      if (cause instanceof LinkError && cause.fault === "garbled") await this.#resync(wait.channelLost);
      watch.signal.throwIfAborted();
      throw cause;
    } finally {
      watch.signal.removeEventListener("abort", cancel);
      wait.end();
    }
  }

  // A key remembers few channels, and programs that take many make it forget ours; what it held there is lost, too.
  async #resync(channelLost: boolean): Promise<void> {
    const { channel } = await initChannel(this.#bus, channelLost ? BROADCAST : this.#id);
    this.#id = channel;
  }

  async #send(reports: readonly Uint8Array[]): Promise<void> {
    for (const report of reports) await this.#bus.write(report);
  }
}
