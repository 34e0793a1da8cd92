import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** Asks for one line, from a terminal or from whatever stdin is; undefined: it ended first. */
export function readOneLine(input: Readable, output: Writable, prompt: string): Promise<string | undefined> {
  output.write(`  ${prompt}: `);
  const lines = createInterface({ input });
  return new Promise((resolve) => {
    lines.once("line", (line) => {
      resolve(line);
      lines.close();
    });
    // After a line this comes too late to say anything.
    lines.once("close", () => {
      resolve(undefined);
      input.pause();
    });
  });
}
