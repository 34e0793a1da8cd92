import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { type AssuanLine, commandLine, MAX_LINE, parseAssuanLine } from "./assuan.ts";
import { PromptError } from "./prompt.ts";

/** What pinentry may know of our environment: where to draw, and in what language. */
const PASSED_ON = [
  ...["PATH", "HOME", "USER", "LANG", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "TERM", "DISPLAY", "XAUTHORITY"],
  ...["WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "XDG_SESSION_TYPE", "XDG_CURRENT_DESKTOP", "DBUS_SESSION_BUS_ADDRESS"],
];

/** It is told to end, and after this time it is ended; milliseconds. */
export const END_MS = 1_000;

/** Data lines of one answer, in bytes: far more than any PIN has. */
const MAX_DATA = 1_024;

/** How a command ended: OK with the data that came before it, or an error code. */
export type Outcome = { readonly ok: true; readonly data: Uint8Array } | { readonly ok: false; readonly code: number };

type Waiting = { readonly resolve: (outcome: Outcome) => void; readonly reject: (cause: PromptError) => void };

/** A program that speaks Assuan over its standard streams. One command at a time. */
export class AssuanProgram {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  #rest: Uint8Array = new Uint8Array(0);
  #data: Uint8Array = new Uint8Array(0);
  #waiting: Waiting | undefined;
  #broken: PromptError | undefined;

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#child = child;
    child.stdout.on("data", (chunk: Buffer) => this.#take(chunk));
    child.stdin.on("error", () => this.#break("pinentry took no command"));
    child.on("error", (cause: NodeJS.ErrnoException) => this.#break(`pinentry cannot be started: ${cause.code ?? ""}`));
    child.on("close", () => this.#break("pinentry ended before its answer"));
  }

  /**
   * Starts it with the part of `environment` that it may know and waits for its greeting, `ms` milliseconds at most. Rejects
   * with PromptError "broken".
   */
  static async start(path: string, ms: number, environment: NodeJS.ProcessEnv): Promise<AssuanProgram> {
    const env = Object.fromEntries(PASSED_ON.flatMap((name) => pair(name, environment)));
    const program = new AssuanProgram(spawn(path, [], { stdio: ["pipe", "pipe", "ignore"], env }));
    try {
      const greeting = await program.#answer(ms);
      if (!greeting.ok) throw new PromptError("broken", "pinentry refused to begin");
      return program;
    } catch (cause) {
      await program.end();
      throw cause;
    }
  }

  /**
   * Sends a command and waits for OK or ERR; `ms` milliseconds at most where given. Rejects with PromptError "broken" for
   * a line that would be too long, an answer that is none, an end without answer, or silence.
   */
  async ask(command: string, argument?: string, ms?: number): Promise<Outcome> {
    const line = commandLine(command, argument);
    if (line === undefined) throw new PromptError("broken", `${command} is longer than a line of Assuan`);
    const answer = this.#answer(ms);
    if (this.#broken === undefined) this.#child.stdin.write(line);
    return answer;
  }

  /** Lets it go, and resolves once it has gone; one that stays for `ms` is ended. What waits for it is rejected. */
  async end(ms: number = END_MS): Promise<void> {
    this.#break("the prompt was ended");
    const child = this.#child;
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.stdin.destroy();
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), ms);
    await gone;
    clearTimeout(timer);
  }

  async #answer(ms: number | undefined): Promise<Outcome> {
    if (this.#broken !== undefined) throw this.#broken;
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
    this.#waiting = { resolve, reject };
    const timer =
      ms === undefined ? undefined : setTimeout(() => this.#break(`pinentry said nothing for ${ms} ms`), ms);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  #take(chunk: Buffer): void {
    let bytes: Uint8Array = Buffer.concat([this.#rest, chunk]);
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a)) {
      this.#hear(parseAssuanLine(bytes.subarray(0, end)));
      bytes = bytes.subarray(end + 1);
    }
    this.#rest = bytes;
    if (bytes.length >= MAX_LINE) this.#break("pinentry sent a line that is too long");
  }

  #hear(line: AssuanLine): void {
    if (line.type === "note" || this.#broken !== undefined) return;
    const waiting = this.#waiting;
    if (waiting === undefined) return this.#break("pinentry answered what was not asked");
    if (line.type === "data") {
      this.#data = Buffer.concat([this.#data, line.data]);
      if (this.#data.length > MAX_DATA) this.#break("pinentry sent more than a PIN");
    } else if (line.type === "other") {
      this.#break("pinentry said something that is no answer");
    } else {
      const data = this.#data;
      this.#data = new Uint8Array(0);
      this.#waiting = undefined;
      waiting.resolve(line.type === "ok" ? { ok: true, data } : { ok: false, code: line.code });
    }
  }

  #break(why: string): void {
    this.#broken ??= new PromptError("broken", why);
    this.#data = new Uint8Array(0);
    this.#waiting?.reject(this.#broken);
    this.#waiting = undefined;
  }
}

function pair(name: string, environment: NodeJS.ProcessEnv): [string, string][] {
  const value = environment[name];
  return value === undefined ? [] : [[name, value]];
}
