import { ChannelError } from "@countersign/bot-kit";

/** How many requests may be unanswered at a time; the others wait in order. */
export class Window {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(size: number) {
    this.#free = size;
  }

  /** Resolves with the function that gives the place back. Throws ChannelError (not-sent, timeout) when the signal aborts. */
  async enter(signal: AbortSignal): Promise<() => void> {
    if (signal.aborted) throw neverLeft();
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(signal);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    };
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = (): void => {
      this.#waiting.splice(this.#waiting.indexOf(resolve), 1);
      reject(neverLeft());
    };
    this.#waiting.push(resolve);
    signal.addEventListener("abort", abort, { once: true });
    await promise;
    signal.removeEventListener("abort", abort);
  }
}

/** The time was over before anything of the message had left. */
export function neverLeft(): ChannelError {
  return new ChannelError({ fate: "not-sent", detail: "timeout" });
}
