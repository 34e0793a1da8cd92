import { readFileSync, statSync } from "node:fs";
import { Token } from "../token.ts";

/**
 * Reads a token file: one line, nothing else. Throws an Error that names the file and what to do when it cannot be read,
 * holds something else, or is readable by other users.
 */
export function readTokenFile(path: string): Token {
  let text: string;
  try {
    if ((statSync(path).mode & 0o077) !== 0) throw new Error(`other users may read it; run: chmod 600 ${path}`);
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new Error(`token file ${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  if (!/^cs_[A-Za-z0-9_-]{20,}$/.test(text)) {
    throw new Error(`token file ${path}: holds no Countersign token; ask the administrator for a new one`);
  }
  return new Token(text);
}
