import { ChannelError, type Timer } from "@countersign/bot-kit";

/** Seconds that a connection may take without making what was written in the request untrue. */
const MARGIN_S = 2;

/**
 * How long a message is still good, as a gateway is told: never later than `notAfter` at the moment at which the request
 * leaves. Throws ChannelError (not-sent, late) where that cannot be told; the core then asks again with what is left.
 */
export class Validity {
  readonly #notAfter: Date | undefined;
  readonly #timer: Timer;
  readonly #roundUp: boolean;
  #toldMs = 0;

  /** `roundUp`: minutes may be rounded up, and end later by as much. */
  constructor(notAfter: Date | undefined, timer: Timer, roundUp: boolean) {
    this.#notAfter = notAfter;
    this.#timer = timer;
    this.#roundUp = roundUp;
  }

  /** Whole minutes; undefined: no end. */
  minutes(): string | undefined {
    const left = this.#leftMs() / 60_000;
    return this.#tell(this.#roundUp ? Math.ceil(left) : Math.floor(left), this.#roundUp ? 0 : 60_000);
  }

  /** Whole seconds; undefined: no end. */
  seconds(): string | undefined {
    return this.#tell(Math.floor(this.#leftMs() / 1_000) - MARGIN_S, 1_000);
  }

  /** Called when the request is about to leave: time may have passed since it was written. */
  refuseStale(): void {
    if (this.#toldMs > this.#leftMs()) throw late();
  }

  #leftMs(): number {
    return this.#notAfter === undefined ? Infinity : this.#notAfter.getTime() - this.#timer.now().getTime();
  }

  #tell(units: number, unitMs: number): string | undefined {
    if (this.#notAfter === undefined) return undefined;
    if (units < 1) throw late();
    this.#toldMs = Math.max(this.#toldMs, units * unitMs);
    return String(units);
  }
}

function late(): ChannelError {
  return new ChannelError({ fate: "not-sent", detail: "late" });
}
