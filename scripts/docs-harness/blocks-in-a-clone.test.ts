// Blocks that need a clone and nothing else.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "@countersign/testing";
import { expect, test } from "@jest/globals";
import { pagesFor } from "./command-blocks.ts";
import { runBlocks } from "./run-blocks.ts";
import { shellFolder } from "./shell-folder.ts";

const folder = tempFolder();
const MOST_MS = 600_000;

test.each(pagesFor("clone"))(
  "%s",
  async (page, blocks) => {
    const scratch = join(folder, page.replaceAll(/\W/g, "-").slice(-24));
    mkdirSync(scratch);
    expect(await runBlocks(blocks, shellFolder(scratch), scratch)).toEqual([]);
  },
  MOST_MS,
);
