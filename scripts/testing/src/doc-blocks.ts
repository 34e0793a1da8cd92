// Fenced blocks of Markdown pages, and the marks above them that say how they are run.
//
//   <!-- run: FIXTURE -->                 the commands run there; FIXTURE, exit N: they end with N; FIXTURE, until "TEXT":
//                                         they serve, and are ended once they have written TEXT
//   <!-- run by: PATH -->                 the test at PATH runs them
//   <!-- not run: REASON -->              nobody runs them, because of one of REASONS; words may follow a comma
//
// A mark is on the line above its block. With "all" before it (<!-- all run by: … -->) it is for every block of the page
// that has none of its own.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./child.ts";

/** Where blocks can run: a folder that looks like a clone; the same beside scripts/dev and its user; a real clone. */
export const FIXTURES = ["clone", "dev", "clean clone"] as const;
export type Fixture = (typeof FIXTURES)[number];

/** Why nobody runs a block. */
export const REASONS = ["account", "another machine", "hardware", "long", "peers", "person", "root"] as const;
export type Reason = (typeof REASONS)[number];

/** How a block is run, or why not. */
export type Mark =
  | { readonly how: "run"; readonly fixture: Fixture; readonly exit: number; readonly until: string | undefined }
  | { readonly how: "by"; readonly path: string }
  | { readonly how: "not"; readonly reason: Reason };

/** A fenced block of a page. */
export interface FencedBlock {
  /** Path of the page. */
  readonly page: string;
  /** Its first line in the page, from 1. */
  readonly line: number;
  /** `sh`, `console`, …; empty where the fence does not say. */
  readonly language: string;
  /** Without the indentation of its fence. */
  readonly body: string;
  readonly mark: Mark | undefined;
}

/** One command block of a page: where it runs, as its first line says, and what. */
export interface DocBlock extends FencedBlock {
  /** `Anna's PC`. */
  readonly where: string;
  readonly commands: string;
}

/** Every `sh` block of a page, in order. Throws where one does not say where it runs. */
export function docBlocks(page: string): DocBlock[] {
  return fencedBlocks(page).flatMap((block) => {
    if (block.language !== "sh") return [];
    const [, where] = /^# (.+)\n/.exec(block.body) ?? [];
    if (where === undefined)
      throw new Error(`${page}:${block.line}: the block does not say where it runs: ${block.body}`);
    return [{ ...block, where, commands: block.body }];
  });
}

/** Every fenced block of a page, in order. Throws, with page and line, at a mark that says nothing known. */
export function fencedBlocks(page: string): FencedBlock[] {
  return blocksOf(page, readFileSync(join(ROOT, page), "utf8"));
}

/** The same of a page's text. */
export function blocksOf(page: string, text: string): FencedBlock[] {
  const lines = text.split("\n");
  const [, whole] = /^<!-- all (.+?) -->$/m.exec(text) ?? [];
  const forAll = whole === undefined ? undefined : markOf(whole, page, lines.indexOf(`<!-- all ${whole} -->`) + 1);
  const blocks: FencedBlock[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const [, indent = "", fence = "", language = ""] = /^( *)(`{3,}|~{3,})\s*([\w-]*)/.exec(lines[at] ?? "") ?? [];
    if (fence === "") continue;
    const end = lines.findIndex((line, row) => row > at && line.trim() === fence);
    if (end === -1) throw new Error(`${page}:${at + 1}: the block has no end`);
    const [, own] = /^ *<!-- (.+?) -->$/.exec(lines[at - 1] ?? "") ?? [];
    const isMark = own !== undefined && /^(run|not run)\b/.test(own);
    const body = lines
      .slice(at + 1, end)
      .map((line) => `${line.startsWith(indent) ? line.slice(indent.length) : line}\n`);
    const mark = isMark ? markOf(own, page, at) : forAll;
    blocks.push({ page, line: at + 1, language, body: body.join(""), mark });
    at = end;
  }
  return blocks;
}

function markOf(text: string, page: string, line: number): Mark {
  const [, how = "", what = "", more = ""] = /^(run by|run|not run): ([^,]+)(?:, (.+))?$/.exec(text) ?? [];
  if (how === "run by") return { how: "by", path: what };
  const reason = REASONS.find((each) => each === what);
  if (how === "not run" && reason !== undefined) return { how: "not", reason };
  const fixture = FIXTURES.find((each) => each === what);
  const [, exit] = /^exit (\d+)$/.exec(more) ?? [];
  const [, until] = /^until "(.+)"$/.exec(more) ?? [];
  const isKnown = more === "" || exit !== undefined || until !== undefined;
  if (how === "run" && fixture !== undefined && isKnown) return { how: "run", fixture, exit: Number(exit ?? 0), until };
  throw new Error(
    `${page}:${line}: <!-- ${text} --> says nothing known. Write run: ${FIXTURES.join(" | ")}, with exit N or until "TEXT" after a comma; run by: PATH OF A TEST; or not run: ${REASONS.join(" | ")}`,
  );
}
