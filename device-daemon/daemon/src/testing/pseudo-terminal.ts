import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

/** The program that makes one. */
export const SCRIPT = "/usr/bin/script";

/** A terminal that a test types into and looks at: `command` runs in it, as its controlling terminal. */
export class PseudoTerminal {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #looking = new Set<() => void>();
  readonly #gone: Promise<unknown>;
  /** Everything that was written to it, echo included. */
  seen = "";

  constructor(command: string) {
    const args = ["--quiet", "--flush", "--return", "--command", command, "/dev/null"];
    const env = { ...process.env, TERM: "xterm", LC_ALL: "C.UTF-8", SHELL: "/bin/sh" };
    this.#child = spawn(SCRIPT, args, { stdio: ["pipe", "pipe", "ignore"], env });
    // Heard from the beginning: what runs in it may end by itself.
    this.#gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.seen += text;
      for (const look of this.#looking) look();
    });
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  /** Waits until what is seen matches, a minute at most. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
    const late = setTimeout(() => reject(new Error(`${pattern} was not seen in ${JSON.stringify(this.seen)}`)), 60_000);
    const look = (): void => {
      const found = pattern.exec(this.seen);
      if (found !== null) resolve(found);
    };
    this.#looking.add(look);
    look();
    try {
      return await promise;
    } finally {
      clearTimeout(late);
      this.#looking.delete(look);
    }
  }

  async close(): Promise<void> {
    // It would wait for what runs inside; without it, that gets a hang-up.
    this.#child.kill("SIGKILL");
    await this.#gone;
  }
}
