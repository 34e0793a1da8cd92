import type { Ask, Prompt } from "../prompt/prompt.ts";
import { Secret } from "../prompt/secret.ts";

/** A prompt whose user types these, one after the other, and closes it when they are used up. */
export class ScriptedPrompt implements Prompt {
  /** Every question that was asked. */
  readonly asked: Ask[] = [];
  readonly #texts: string[];

  constructor(...texts: string[]) {
    this.#texts = texts;
  }

  async pin(ask: Ask): Promise<Secret | undefined> {
    this.asked.push(ask);
    const text = this.#texts.shift();
    return text === undefined ? undefined : new Secret(text);
  }

  async code(ask: Ask): Promise<Secret | undefined> {
    return this.pin(ask);
  }

  async confirm(): Promise<boolean> {
    return false;
  }
}
