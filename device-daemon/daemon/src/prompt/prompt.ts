import type { Secret } from "./secret.ts";

/** What a prompt shows. Texts may hold words of clients and keys: made by `prompt-line.ts`, they are one safe line each. */
export interface Ask {
  /** Of the window; a few words. */
  readonly title: string;
  /** What it is about, one line each. */
  readonly lines: readonly string[];
  /** Before the place where the answer is typed: "PIN", "Code". */
  readonly label: string;
  /** Why it is asked again. */
  readonly problem?: string;
}

/** A question with two answers. */
export interface ConfirmAsk {
  readonly title: string;
  readonly lines: readonly string[];
  /** On the button that agrees. */
  readonly yes: string;
  /** On the button that does not. */
  readonly no: string;
}

/**
 * The daemon's own way to ask the person at the PC. What it asks is in no RPC; the PC may still read along, and who
 * writes the texts says so.
 */
export interface Prompt {
  /** What the user typed; undefined when he closed the prompt. Rejects with PromptError, or the signal's reason. */
  pin(ask: Ask, signal: AbortSignal): Promise<Secret | undefined>;
  /** As `pin`, for the code that the phone shows. */
  code(ask: Ask, signal: AbortSignal): Promise<Secret | undefined>;
  /** Whether the user agreed; closing the prompt is no. Rejects with PromptError, or the signal's reason. */
  confirm(ask: ConfirmAsk, signal: AbortSignal): Promise<boolean>;
}

/** Why nothing could be asked. "absent": the daemon has no prompt. "broken": it has, and it did not work. */
export type PromptFault = "absent" | "broken";

/** The user was not asked, or his answer was lost. Never holds what he typed. */
export class PromptError extends Error {
  readonly fault: PromptFault;

  constructor(fault: PromptFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "PromptError";
    this.fault = fault;
  }
}
