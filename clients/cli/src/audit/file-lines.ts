import { createReadStream } from "node:fs";

/** Longer than any line that a core writes: what is longer is not kept in memory. */
const LONGEST = 16 * 2 ** 20;
const NEW_LINE = 0x0a;

/** One line of a file. */
export interface FileLine {
  /** Without its end; "" for what is no UTF-8, or too long. */
  readonly text: string;
  /** False: the file ends within it. */
  readonly whole: boolean;
}

/** Lines of a file that anybody may have written, one at a time in bounded memory. Rejects as reading does. */
export async function* fileLines(path: string): AsyncGenerator<FileLine, void> {
  let parts: Buffer[] = [];
  let length = 0;
  const take = (part: Buffer): void => {
    length += part.length;
    if (length <= LONGEST) parts.push(part);
  };
  const end = (whole: boolean): FileLine => {
    const text = length <= LONGEST ? textOf(Buffer.concat(parts)) : "";
    [parts, length] = [[], 0];
    return { text, whole };
  };
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = chunk.indexOf(NEW_LINE); at !== -1; at = chunk.indexOf(NEW_LINE, from)) {
      take(chunk.subarray(from, at));
      yield end(true);
      from = at + 1;
    }
    take(chunk.subarray(from));
  }
  if (length > 0) yield end(false);
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

// Another text for other bytes, always: what is no UTF-8 becomes no line at all.
function textOf(bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return "";
  }
}
