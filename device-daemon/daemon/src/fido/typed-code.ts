import type { Logger } from "pino";
import { closedByUser } from "./fido-refusal.ts";
import { type Ask, type Prompt, PromptError } from "../prompt/prompt.ts";
import { codeAgain } from "../prompt/prompt-text.ts";
import { Secret } from "../prompt/secret.ts";
import { Failure } from "../service/failure.ts";

const CODE = /^\d{6,10}$/;

/** Takes the code of one Sign from the daemon's prompt or from `Answer`, whichever is first. */
export class TypedCode {
  readonly #answer = Promise.withResolvers<Secret>();
  #awaited = false;

  /** `Answer`: checked to be 6 to 10 digits before. Throws Failure NOT_AWAITED before and after the code is waited for. */
  async supplyCode(digits: string): Promise<void> {
    if (!this.#awaited) throw new Failure("NOT_AWAITED", "this Sign does not wait for its code now");
    this.#awaited = false;
    this.#answer.resolve(new Secret(digits));
  }

  /**
   * The code, once. Rejects with FidoRefusal "cancelled" when the user closed the prompt, or with the signal's reason. A
   * prompt that is absent or broken leaves `Answer`.
   */
  async take(ask: Ask, prompt: Prompt, log: Logger, signal: AbortSignal): Promise<Secret> {
    const ended = new AbortController();
    const asking = AbortSignal.any([signal, ended.signal]);
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    this.#awaited = true;
    try {
      return await Promise.race([this.#answer.promise, prompted(ask, prompt, log, asking), aborted]);
    } finally {
      this.#awaited = false;
      signal.removeEventListener("abort", abort);
      ended.abort(new Error("the code is there"));
    }
  }
}

async function prompted(first: Ask, prompt: Prompt, log: Logger, signal: AbortSignal): Promise<Secret> {
  try {
    for (let ask = first; ; ask = codeAgain(first)) {
      const typed = await prompt.code(ask, signal);
      if (typed === undefined) throw closedByUser();
      // People group digits as phones show them.
      const digits = typed.reveal().replaceAll(/[ -]/g, "");
      if (CODE.test(digits)) return new Secret(digits);
    }
  } catch (cause) {
    if (!(cause instanceof PromptError)) throw cause;
    log.info({ cause: cause.message }, "no prompt for the code; Answer can still give it");
    return new Promise<never>(() => undefined);
  }
}
