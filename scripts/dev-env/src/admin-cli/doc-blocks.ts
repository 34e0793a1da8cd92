import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@countersign/testing/child";

/** One command block of a page: where it runs, as its first line says, and what. */
export interface DocBlock {
  /** Path of the page. */
  readonly page: string;
  /** `Anna's PC`. */
  readonly where: string;
  readonly commands: string;
  /** Its first line in the page, from 1. */
  readonly line: number;
}

/** Every `sh` block of a page, in order. Throws where one does not say where it runs. */
export function docBlocks(page: string): DocBlock[] {
  const text = readFileSync(join(ROOT, page), "utf8");
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map((found) => {
    const [whole, body = ""] = found;
    const line = text.slice(0, found.index).split("\n").length;
    const [, where] = /^# (.+)\n/.exec(body) ?? [];
    if (where === undefined) throw new Error(`${page}:${line}: the block does not say where it runs: ${whole}`);
    return { page, where, commands: body, line };
  });
}
