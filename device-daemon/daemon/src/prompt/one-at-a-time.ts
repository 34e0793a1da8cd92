import type { Ask, ConfirmAsk, Prompt } from "./prompt.ts";
import { Turns } from "../turns.ts";
import type { Secret } from "./secret.ts";

/** Two questions at once would have the user type one answer into the other. */
export class OneAtATime implements Prompt {
  readonly #prompt: Prompt;
  readonly #turns = new Turns();

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
    const release = await this.#turns.take(signal);
    const mine = this.#begin(signal, ask);
    // Who gives up has his answer at once; the next one waits until this prompt has gone.
    void mine.then(release, release);
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

  async #begin<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    return ask();
  }
}
