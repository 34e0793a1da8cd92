import { type ReadonlySignal, signal } from "@preact/signals";
import { KeyError, type KeyPlace } from "@countersign/sdk/browser";

/** How its user has it signed: by a key at this PC, or by the browser with the code from his phone. */
export type Choice = { readonly way: "daemon" } | { readonly way: "browser"; readonly code: string };

/** What the page shows of it. */
export interface Asked {
  readonly way: Choice["way"];
  /** The key has it; else it said no, and its user may choose again. */
  readonly busy: boolean;
  /** What the last way failed with. */
  readonly error: unknown;
}

type Signing = ReturnType<KeyPlace["sign"]>;

/**
 * A key that is asked once its user has chosen one. A way that fails ends nothing: he chooses again, until the transaction
 * is over. After a code that was wrong the daemon's key goes on by itself; the browser's takes a code first.
 */
export class ChosenKey implements KeyPlace {
  readonly #placeOf: (choice: Choice) => Pick<KeyPlace, "sign">;
  readonly #asked = signal<Asked | undefined>(undefined);
  #choose: ((choice: Choice) => void) | undefined;
  #again: Choice | undefined;

  constructor(placeOf: (choice: Choice) => Pick<KeyPlace, "sign">) {
    this.#placeOf = placeOf;
  }

  /** undefined: nothing was chosen yet. */
  get asked(): ReadonlySignal<Asked | undefined> {
    return this.#asked;
  }

  /** Nothing happens while a key has it. */
  choose(choice: Choice): void {
    this.#choose?.(choice);
  }

  async *sign(request: Parameters<KeyPlace["sign"]>[0], ends: AbortSignal = new AbortController().signal): Signing {
    const began = performance.now();
    for (;;) {
      const choice = await this.#chosen(ends);
      if (choice === undefined) throw new KeyError("KEY_LEFT", "the key is asked no more");
      this.#asked.value = { way: choice.way, busy: true, error: undefined };
      this.#again = choice.way === "daemon" ? choice : undefined;
      const waitedS = Math.round((performance.now() - began) / 1000);
      const expiresInS = Math.max(1, (request.expiresInS ?? 1) - waitedS);
      try {
        return yield* this.#placeOf(choice).sign({ ...request, expiresInS }, ends);
      } catch (error) {
        if (ends.aborted) throw error;
        this.#again = undefined;
        this.#asked.value = { way: choice.way, busy: false, error };
      }
    }
  }

  verifyUser(): Promise<string> {
    return Promise.reject(new KeyError("KEY_REFUSED", "no key is chosen yet", "UNSUPPORTED"));
  }

  /** The daemon asks for the code by a prompt of its own where its key has no keypad. */
  answer(): Promise<boolean> {
    return Promise.resolve(false);
  }

  /** undefined: nobody wants it signed any more. */
  async #chosen(ends: AbortSignal): Promise<Choice | undefined> {
    if (ends.aborted || this.#again !== undefined) return ends.aborted ? undefined : this.#again;
    const { value: before } = this.#asked;
    if (before?.busy === true) this.#asked.value = { ...before, busy: false };
    const { promise, resolve } = Promise.withResolvers<Choice | undefined>();
    const over = (): void => resolve(undefined);
    this.#choose = resolve;
    ends.addEventListener("abort", over, { once: true });
    try {
      return await promise;
    } finally {
      this.#choose = undefined;
      ends.removeEventListener("abort", over);
    }
  }
}
