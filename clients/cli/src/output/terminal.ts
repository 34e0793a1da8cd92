import { printable } from "./printable.ts";

/** Where the command writes and what it runs in. Tests pass their own. */
export interface Io {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where receipts are kept unless the command line says otherwise. */
  readonly folder: string;
  /** Calls the handler at each Ctrl-C until the returned function is called. */
  onInterrupt(handler: () => void): () => void;
  /** Takes digits from the terminal without echo; undefined: there is no terminal, or nothing was typed. */
  readSecret(prompt: string, signal: AbortSignal): Promise<string | undefined>;
  /** One line of what is no secret, from the terminal or whatever stdin is; undefined: there is none. */
  readLine?(prompt: string): Promise<string | undefined>;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
}

interface Sink {
  readonly isTTY?: boolean | undefined;
  /** Of a terminal. */
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export interface Style {
  /** NDJSON on stdout, nothing on stderr but errors. */
  readonly json: boolean;
  /** No signs, no spinner, no colour: for screen readers. */
  readonly plain: boolean;
}

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const SIGNS = { done: "✔", failed: "✘", stopped: "⛔", warning: "⚠", unknown: "?" } as const;
const WORDS = {
  done: "ok:",
  failed: "failed:",
  stopped: "stopped:",
  warning: "warning:",
  unknown: "unknown:",
} as const;
const COLOURS = { done: 32, failed: 31, stopped: 31, warning: 33, unknown: 33 } as const;
export type Sign = keyof typeof SIGNS;

/** Progress goes to stderr, results to stdout. */
export class Terminal {
  readonly style: Style;
  readonly io: Io;
  readonly #live: boolean;
  readonly #colour: boolean;
  #status: (() => string) | undefined;
  #shown = "";
  #frame = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(io: Io, style: Style) {
    this.io = io;
    this.style = style;
    const { env, stderr } = io;
    this.#live = stderr.isTTY === true && !style.json && !style.plain && env["TERM"] !== "dumb";
    this.#colour = this.#live && (env["NO_COLOR"] ?? "") === "";
  }

  /** The sign in front of a sentence, or its word in plain style. */
  sign(sign: Sign): string {
    if (this.style.plain) return WORDS[sign];
    return this.#colour ? `\u001B[${COLOURS[sign]}m${SIGNS[sign]}\u001B[0m` : SIGNS[sign];
  }

  /** One line of progress. */
  progress(text: string): void {
    if (this.style.json) return;
    this.#erase();
    this.io.stderr.write(`  ${text}\n`);
    this.#draw();
  }

  /** One line that the caller of the command wants. */
  result(text: string): void {
    if (this.style.json) return;
    this.endStatus();
    this.io.stdout.write(`${text}\n`);
  }

  /** One object a line, with --json only. Values of others are JSON strings there: no terminal is harmed. */
  record(value: Readonly<Record<string, unknown>>): void {
    if (this.style.json) this.io.stdout.write(`${JSON.stringify(value)}\n`);
  }

  error(text: string): void {
    this.endStatus();
    for (const line of text.split("\n")) this.io.stderr.write(`countersign: ${printable(line)}\n`);
  }

  /** What the user is to do now. On a terminal it stays below the progress and moves; elsewhere it is one line. */
  status(text: () => string): void {
    if (this.style.json) return;
    if (!this.#live) {
      const line = text().replace(/ {2}\d+:\d{2}.*$/, "");
      if (line !== this.#shown) this.io.stderr.write(`  ${line}\n`);
      this.#shown = line;
      return;
    }
    this.#status = text;
    this.#timer ??= setInterval(() => {
      this.#frame += 1;
      this.#erase();
      this.#draw();
    }, 250).unref();
    this.#erase();
    this.#draw();
  }

  endStatus(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#erase();
    this.#status = undefined;
  }

  #draw(): void {
    if (this.#status === undefined) return;
    this.io.stderr.write(`  ${FRAMES[this.#frame % FRAMES.length]} ${this.#status()}`);
  }

  #erase(): void {
    if (this.#live && this.#status !== undefined) this.io.stderr.write("\r\u001B[2K");
  }
}
