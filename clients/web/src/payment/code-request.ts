import { type ReadonlySignal, signal } from "@preact/signals";

/** Whoever waits for the code of the phone in this page, for a key that has no keypad. */
export class CodeRequest {
  readonly #wanted = signal(false);
  #give: ((code: string | undefined) => void) | undefined;

  /** The page shows a field for it. */
  get wanted(): ReadonlySignal<boolean> {
    return this.#wanted;
  }

  /** Resolves with what the user typed; undefined once it is wanted no more. */
  ask(ends: AbortSignal): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const over = (): void => this.#answer(undefined);
    this.#give = resolve;
    this.#wanted.value = true;
    ends.addEventListener("abort", over, { once: true });
    if (ends.aborted) over();
    return promise.finally(() => ends.removeEventListener("abort", over));
  }

  give(code: string): void {
    this.#answer(code);
  }

  #answer(code: string | undefined): void {
    this.#wanted.value = false;
    this.#give?.(code);
    this.#give = undefined;
  }
}
