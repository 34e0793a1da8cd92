import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@countersign/testing/child";
import { fencedBlocks, type FencedBlock, type Fixture } from "@countersign/testing/doc-blocks";
import { markdownFiles } from "./markdown-files.ts";

/** A block that is marked to be run, with its mark. */
export interface RunBlock extends FencedBlock {
  readonly mark: Extract<FencedBlock["mark"], { how: "run" }>;
}

const SHELL = new Set(["sh", "console", "bash", "shell"]);
/** Folders and files whose command blocks are run. */
const RUN =
  /^(README|CONTRIBUTING|SECURITY)\.md$|^docs\/|^examples\/.*README\.md$|^clients\/.*README\.md$/;
/** What a line of a block without language looks like when it is a command after all. */
const LIKE_A_COMMAND = /^\s*(\$ |countersign(-\w+)? |scripts\/\w|npm |npx |node (?!=)|curl |git |sudo |docker |cat > )/m;

/** Every block with commands of the pages that promise to run. */
export function commandBlocks(): FencedBlock[] {
  return pagesWithCommands().flatMap((page) => fencedBlocks(page).filter(({ language }) => SHELL.has(language)));
}

/** The pages that have blocks for a fixture, with these blocks, in order. */
export function pagesFor(fixture: Fixture): (readonly [page: string, blocks: readonly RunBlock[]])[] {
  const blocks = commandBlocks().filter(
    (block): block is RunBlock => block.mark?.how === "run" && block.mark.fixture === fixture,
  );
  return [...Map.groupBy(blocks, ({ page }) => page)];
}

/** What is missing, by page and line: blocks that are neither run nor marked, and marks that do not hold. */
export function blockFindings(): string[] {
  return pagesWithCommands().flatMap((page) => fencedBlocks(page).flatMap((block) => findingOf(block) ?? []));
}

function findingOf({ page, line, language, body, mark }: FencedBlock): string | undefined {
  const at = `${page}:${line}`;
  if (!SHELL.has(language)) {
    return language === "" && LIKE_A_COMMAND.test(body)
      ? `${at}: commands in a block without a language; write sh, or console where output follows`
      : undefined;
  }
  if (language === "bash" || language === "shell") return `${at}: write sh in place of ${language}`;
  if (mark === undefined)
    return `${at}: neither run nor marked; write <!-- run: clone -->, <!-- run by: TEST --> or <!-- not run: REASON --> above it`;
  if (language === "console" && mark.how === "run" && mark.until === undefined && !body.startsWith("$ "))
    return `${at}: a console block begins with a command: $ …`;
  return mark.how === "by" ? findingOfTest(at, page, mark.path) : undefined;
}

/** A test that is said to run a page names it. */
function findingOfTest(at: string, page: string, path: string): string | undefined {
  if (!/\.test\.ts$/.test(path) || !existsSync(join(ROOT, path))) return `${at}: there is no test ${path}`;
  const name = page.split("/").slice(-2).join("/");
  return readFileSync(join(ROOT, path), "utf8").includes(name) ? undefined : `${at}: ${path} does not name ${name}`;
}

const pagesWithCommands = (): string[] => markdownFiles().filter((file) => RUN.test(file));
