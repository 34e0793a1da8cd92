import { AssuanProgram, END_MS, type Outcome } from "./assuan-program.ts";
import { type Ask, type ConfirmAsk, type Prompt, PromptError } from "./prompt.ts";
import { Secret } from "./secret.ts";

/** A pinentry that works greets and takes settings within this time, in milliseconds: also the first of a slow PC. */
const QUICK_MS = 30_000;

/** Nobody types for this long; seconds. */
const TYPING_S = 180;

/** Longest answer in UTF-8 bytes. */
const MAX_ANSWER = 255;

/** Codes of gpg-error (its low 16 bits) that say that the user closed the prompt or let it be. */
const CLOSED: readonly number[] = [62, 99, 114, 198];

type Setting = readonly [command: string, argument: string];

/** What differs from place to place; tests give their own. */
export interface PinentryPlace {
  /** Terminal that a pinentry without windows draws on. */
  readonly tty?: string;
  /** In place of the daemon's own environment. */
  readonly environment?: NodeJS.ProcessEnv;
  /** In place of QUICK_MS. */
  readonly quickMs?: number;
  /** In place of END_MS. */
  readonly endMs?: number;
}

/** Asks by pinentry, the program that GnuPG asks PINs with: one run for each question. */
export class PinentryPrompt implements Prompt {
  readonly #path: string;
  readonly #place: PinentryPlace;

  constructor(path: string, place: PinentryPlace = {}) {
    this.#path = path;
    this.#place = place;
  }

  async pin(ask: Ask, signal: AbortSignal): Promise<Secret | undefined> {
    return this.#typed(ask, signal);
  }

  async code(ask: Ask, signal: AbortSignal): Promise<Secret | undefined> {
    return this.#typed(ask, signal);
  }

  async confirm(ask: ConfirmAsk, signal: AbortSignal): Promise<boolean> {
    const settings: Setting[] = [
      ["SETOK", accelerated(ask.yes)],
      ["SETCANCEL", accelerated(ask.no)],
    ];
    return (await this.#run(ask, settings, "CONFIRM", signal)) !== undefined;
  }

  async #typed(ask: Ask, signal: AbortSignal): Promise<Secret | undefined> {
    const settings: Setting[] = [["SETPROMPT", accelerated(`${ask.label}:`)]];
    if (ask.problem !== undefined) settings.push(["SETERROR", ask.problem]);
    const data = await this.#run(ask, settings, "GETPIN", signal);
    return data === undefined ? undefined : new Secret(textOf(data));
  }

  async #run(
    ask: { readonly title: string; readonly lines: readonly string[] },
    settings: readonly Setting[],
    command: string,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    signal.throwIfAborted();
    const { quickMs = QUICK_MS, endMs = END_MS, environment = process.env } = this.#place;
    const program = await AssuanProgram.start(this.#path, quickMs, environment);
    const stop = (): void => void program.end(endMs);
    signal.addEventListener("abort", stop, { once: true });
    try {
      signal.throwIfAborted();
      for (const option of this.#options(environment)) await program.ask("OPTION", option, quickMs);
      await program.ask("SETTIMEOUT", String(TYPING_S), quickMs);
      const shown: Setting[] = [["SETTITLE", ask.title], ["SETDESC", ask.lines.join("\n\n")], ...settings];
      for (const [name, argument] of shown) must(await program.ask(name, argument, quickMs), name);
      return answerOf(await program.ask(command));
    } catch (cause) {
      signal.throwIfAborted();
      throw cause;
    } finally {
      signal.removeEventListener("abort", stop);
      await program.end(endMs);
    }
  }

  // A pinentry that knows an option not says so, and does without.
  #options(environment: NodeJS.ProcessEnv): readonly string[] {
    const { tty } = this.#place;
    // A service has no TERM. What every terminal understands is better than no prompt.
    const type = environment["TERM"] ?? "vt100";
    const language = environment["LC_ALL"] ?? environment["LC_CTYPE"] ?? environment["LANG"];
    return [
      ...(tty === undefined ? [] : [`ttyname=${tty}`]),
      `ttytype=${type}`,
      ...(language === undefined ? [] : [`lc-ctype=${language}`]),
    ];
  }
}

// The user must see all of what he answers.
function must(outcome: Outcome, command: string): void {
  if (!outcome.ok) throw new PromptError("broken", `pinentry does not take ${command} (error ${outcome.code})`);
}

function answerOf(outcome: Outcome): Uint8Array | undefined {
  if (outcome.ok) return outcome.data;
  if (CLOSED.includes(outcome.code & 0xffff)) return undefined;
  throw new PromptError("broken", `pinentry could not ask (error ${outcome.code})`);
}

function textOf(data: Uint8Array): string {
  if (data.length > MAX_ANSWER) throw new PromptError("broken", "pinentry gave more than a PIN");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    // No cause: it could hold what was typed.
    throw new PromptError("broken", "pinentry gave bytes that are no text");
  }
}

/** One underscore would mark a key to press. */
function accelerated(label: string): string {
  return label.replaceAll("_", "__");
}
