import type { AttachRequest, Welcome } from "@countersign/proto/node/channel/v1/channel_service";
import type { Timer } from "../timer.ts";

/** The lease of one stream, and the way back to the core under its fence. */
export class Session {
  readonly fence: bigint;
  readonly leaseMs: number;
  readonly #timer: Timer;
  readonly #write: (request: AttachRequest) => void;
  /** When each beat not yet acknowledged was sent, oldest first. */
  readonly #beats: number[] = [];
  #validUntil: number;
  #ended = false;

  constructor(welcome: Pick<Welcome, "fence" | "leaseMs">, write: (request: AttachRequest) => void, timer: Timer) {
    this.fence = welcome.fence;
    this.leaseMs = welcome.leaseMs;
    this.#timer = timer;
    this.#write = write;
    this.#validUntil = timer.monotonic() + welcome.leaseMs;
  }

  /**
   * Whether nobody else can hold this identity: counted from the moment the last acknowledged beat was *sent*, so that
   * we stop before the core gives the lease away.
   */
  holdsLease(): boolean {
    return !this.#ended && this.#timer.monotonic() < this.#validUntil;
  }

  /** Writes while the stream lives; afterwards what is reported is lost on purpose: its fence is old. */
  write(request: AttachRequest): void {
    if (!this.#ended) this.#write(request);
  }

  beat(): void {
    this.#beats.push(this.#timer.monotonic());
    this.write({ event: { $case: "beat", value: { fence: this.fence } } });
  }

  beatAcknowledged(): void {
    const sentAt = this.#beats.shift();
    if (sentAt !== undefined) this.#validUntil = Math.max(this.#validUntil, sentAt + this.leaseMs);
  }

  end(): void {
    this.#ended = true;
  }
}
