import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** As process.stdin: of a socket or pipe, what keeps the process alive. */
type Input = Readable & { readonly isTTY?: boolean; ref?(): unknown; unref?(): unknown };

/** Asks for one line, from a terminal or from whatever stdin is; undefined: it ended first. */
export function readOneLine(input: Input, output: Writable, prompt: string): Promise<string | undefined> {
  output.write(`  ${prompt}: `);
  input.ref?.();
  const lines = createInterface({ input });
  return new Promise((resolve) => {
    lines.once("line", (line) => {
      // A terminal has echoed the end of it.
      if (input.isTTY !== true) output.write("\n");
      resolve(line);
      lines.close();
    });
    // After a line this comes too late to say anything.
    lines.once("close", () => {
      resolve(undefined);
      // Whoever holds the other end open does not keep the command from ending.
      input.pause();
      input.unref?.();
    });
  });
}
