import {
  decodeKeepalive,
  FramingError,
  HidCommand,
  HidError,
  hidErrorName,
  type Message,
  Reassembler,
  type WaitsFor,
} from "@countersign/key-protocol";
import { afterRunning } from "./after-running.ts";
import type { HidBus } from "./hid-bus.ts";
import { LinkError } from "./link-error.ts";

/** A key that works sends a keepalive every 100 ms; this much silence means that something was lost. */
export const SILENCE_MS = 1_000;

/** As SILENCE_MS for FIDO2 keys: keepalives are theirs to give, and small ones compute on P-256 without. */
export const FIDO_SILENCE_MS = 3_000;

/** After CANCEL a key must end the request within this time, whatever else it says. */
export const LET_GO_MS = 1_000;

/** A person turns back and forth a few times; a device that changes its mind more often floods and is told no further. */
const MAX_STEPS = 256;

/** What the wait for an answer needs to know. */
export interface AnswerWaitGiven {
  readonly channel: number;
  /** The command whose answer is awaited. */
  readonly command: number;
  /** SILENCE_MS or FIDO_SILENCE_MS. */
  readonly silenceMs: number;
  /** A new thing that the key waits for. */
  readonly onStep: ((waitsFor: WaitsFor) => void) | undefined;
  /** Takes a message that answers something else; true when it did. */
  readonly aside: (message: Message) => boolean;
}

/** Listens for the answer to one request, from before the request is sent. */
export class AnswerWait {
  /** Resolves with the payload or "busy"; rejects with LinkError "left" or "garbled". */
  readonly answer: Promise<Uint8Array | "busy">;
  readonly #given: AnswerWaitGiven;
  readonly #patience: number;
  readonly #messages: Reassembler;
  readonly #stop: () => void;
  #resolve: (answer: Uint8Array | "busy") => void = () => undefined;
  #reject: (cause: LinkError) => void = () => undefined;
  #stopSilence: () => void = () => undefined;
  #stopLettingGo: (() => void) | undefined;
  #step: WaitsFor | undefined;
  #channelLost = false;
  #hasBegun = false;
  #stepsLeft = MAX_STEPS;

  constructor(bus: HidBus, given: AnswerWaitGiven) {
    this.#given = given;
    this.#patience = bus.patience;
    this.#messages = new Reassembler(given.channel);
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever awaits the answer hears of it; a wait that is given up before must not count as unhandled.
    this.answer.catch(() => undefined);
    this.#stop = bus.listen(
      (report) => this.#hear(report),
      () => this.#reject(new LinkError("left", `the key at ${bus.name} has left`)),
    );
  }

  /** The request is out: from now on silence counts. */
  sent(): void {
    this.#heard();
  }

  /** CANCEL is out: a key that goes on with keepalives for ever is waited for no longer. */
  cancelled(): void {
    const ms = LET_GO_MS * this.#patience;
    this.#stopLettingGo ??= afterRunning(ms, () => {
      this.#reject(new LinkError("garbled", `the key did not let go within ${ms} ms`));
    });
  }

  /** The key has said that it does not know the channel: it must give another one. */
  get channelLost(): boolean {
    return this.#channelLost;
  }

  end(): void {
    this.#stopSilence();
    this.#stopLettingGo?.();
    this.#stop();
  }

  #heard(): void {
    this.#stopSilence();
    const ms = this.#given.silenceMs * this.#patience;
    this.#stopSilence = afterRunning(ms, () => {
      this.#reject(new LinkError("garbled", `the key said nothing for ${ms} ms: reports were lost`));
    });
  }

  #hear(report: Uint8Array): void {
    try {
      const message = this.#messages.accept(report);
      if (message === undefined) return;
      this.#heard();
      this.#take(message);
    } catch (cause) {
      if (!(cause instanceof FramingError)) throw cause;
      this.#reject(new LinkError("garbled", `reports of the key were lost: ${cause.message}`, { cause }));
    }
  }

  #take(message: Message): void {
    const { command, payload } = message;
    if (command === HidCommand.KEEPALIVE) {
      this.#hasBegun = true;
      const step = decodeKeepalive(payload);
      if (step !== undefined && step !== this.#step && this.#stepsLeft-- > 0) this.#given.onStep?.((this.#step = step));
    } else if (command === HidCommand.ERROR) {
      const error = payload[0] ?? HidError.OTHER;
      // Programs that share the device see our channel and may speak on it. A key that has begun is not busy for us, and
      // what it has begun must not be sent again.
      if (error === HidError.CHANNEL_BUSY && this.#hasBegun) return;
      this.#channelLost = error === HidError.INVALID_CHANNEL;
      if (error === HidError.CHANNEL_BUSY) this.#resolve("busy");
      else this.#reject(new LinkError("garbled", `the key could not read the request: ${hidErrorName(error)}`));
    } else if (!this.#given.aside(message) && command === this.#given.command) {
      this.#resolve(payload);
    }
  }
}
