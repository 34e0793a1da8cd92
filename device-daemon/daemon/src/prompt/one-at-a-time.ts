import type { Ask, ConfirmAsk, Prompt } from "./prompt.ts";
import type { Secret } from "./secret.ts";

/** Two questions at once would have the user type one answer into the other. */
export class OneAtATime implements Prompt {
  readonly #prompt: Prompt;
  #last: Promise<unknown> = Promise.resolve();

  constructor(prompt: Prompt) {
    this.#prompt = prompt;
  }

  async pin(ask: Ask, signal: AbortSignal): Promise<Secret | undefined> {
    return this.#inTurn(signal, () => this.#prompt.pin(ask, signal));
  }

  async code(ask: Ask, signal: AbortSignal): Promise<Secret | undefined> {
    return this.#inTurn(signal, () => this.#prompt.code(ask, signal));
  }

  async confirm(ask: ConfirmAsk, signal: AbortSignal): Promise<boolean> {
    return this.#inTurn(signal, () => this.#prompt.confirm(ask, signal));
  }

  async #inTurn<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    const before = this.#last;
    const mine = (async (): Promise<T> => {
      await before;
      signal.throwIfAborted();
      return ask();
    })();
    this.#last = mine.catch(() => undefined);
    const { promise: given, reject } = Promise.withResolvers<never>();
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    try {
      return await Promise.race([mine, given]);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }
}
