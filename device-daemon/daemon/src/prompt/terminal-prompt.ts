import { closeSync, openSync, readFileSync } from "node:fs";
import { ReadStream, WriteStream } from "node:tty";
import { type Ask, type ConfirmAsk, type Prompt, PromptError } from "./prompt.ts";
import { Secret } from "./secret.ts";

/** The part of a terminal that is used; keys come as bytes once it is raw. */
export interface Terminal {
  write(text: string): void;
  raw(on: boolean): void;
  /** Calls back for every key press; call the result to stop. */
  onKeys(hear: (keys: string) => void): () => void;
  close(): void;
}

const ENTER = "\r\n";
/** Ctrl-C and Ctrl-D. */
const CANCEL = "\u0003\u0004";
const DELETE = "\u0008\u007f";
const MAX_ANSWER = 255;

/** Whether there is a terminal to ask at. */
export function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r+"));
    return true;
  } catch {
    return false;
  }
}

/**
 * The terminal that the daemon was started from. Throws PromptError "broken" when it has gone, and when the daemon runs in
 * its background: the kernel would stop a process there that touches the terminal's settings.
 */
export function controllingTerminal(): Terminal {
  if (!isInForeground()) {
    throw new PromptError("broken", "the daemon runs in the background of its terminal; start it with --pinentry PATH");
  }
  let input: ReadStream;
  let output: WriteStream;
  try {
    input = new ReadStream(openSync("/dev/tty", "r"));
    output = new WriteStream(openSync("/dev/tty", "w"));
  } catch (cause) {
    throw new PromptError("broken", "the daemon's terminal has gone", { cause });
  }
  return {
    write: (text) => void output.write(text),
    raw: (on) => void input.setRawMode(on),
    onKeys: (hear) => {
      const take = (chunk: Buffer): void => hear(chunk.toString("utf8"));
      input.on("data", take);
      return () => input.off("data", take);
    },
    close: () => {
      input.destroy();
      output.destroy();
    },
  };
}

// /proc/self/stat, after the name in brackets: state, parent, group, session, terminal, the terminal's foreground group.
function isInForeground(): boolean {
  let stat: string;
  try {
    stat = readFileSync("/proc/self/stat", "latin1");
  } catch {
    return true;
  }
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return group === foreground;
}

/** Asks on a terminal; what is typed is not shown, not even as stars. */
export class TerminalPrompt implements Prompt {
  readonly #open: () => Terminal;

  constructor(open: () => Terminal = controllingTerminal) {
    this.#open = open;
  }

  async pin(ask: Ask, signal: AbortSignal): Promise<Secret | undefined> {
    return this.#typed(ask, signal);
  }

  async code(ask: Ask, signal: AbortSignal): Promise<Secret | undefined> {
    return this.#typed(ask, signal);
  }

  async confirm(ask: ConfirmAsk, signal: AbortSignal): Promise<boolean> {
    const question = `${textOf(ask)}Type y for “${ask.yes}”, n for “${ask.no}”, then Enter: `;
    const typed = await this.#line(question, signal);
    return typed !== undefined && /^\s*y(es)?\s*$/i.test(typed);
  }

  async #typed(ask: Ask, signal: AbortSignal): Promise<Secret | undefined> {
    const problem = ask.problem === undefined ? "" : `${ask.problem}\n`;
    const typed = await this.#line(`${textOf(ask)}${problem}${ask.label} (not shown; Ctrl-C cancels): `, signal);
    return typed === undefined ? undefined : new Secret(typed);
  }

  async #line(question: string, signal: AbortSignal): Promise<string | undefined> {
    signal.throwIfAborted();
    const terminal = this.#open();
    const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
    const typed: string[] = [];
    const stopKeys = terminal.onKeys((keys) => {
      for (const key of keys) {
        if (CANCEL.includes(key)) resolve(undefined);
        else if (ENTER.includes(key)) resolve(typed.join(""));
        else if (DELETE.includes(key)) typed.pop();
        else if (key >= " " && typed.length < MAX_ANSWER) typed.push(key);
      }
    });
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    try {
      // Raw before the question, so that nothing typed in answer to it is echoed.
      terminal.raw(true);
      terminal.write(question.replaceAll("\n", "\r\n"));
      return await promise;
    } finally {
      signal.removeEventListener("abort", abort);
      stopKeys();
      terminal.write("\r\n");
      terminal.raw(false);
      terminal.close();
    }
  }
}

function textOf(ask: { readonly title: string; readonly lines: readonly string[] }): string {
  return `\n${ask.title}\n${ask.lines.join("\n")}\n`;
}
