// Blocks that a reader runs beside scripts/dev, with a user at key and phone. Each page has an installation of its own: what
// one pays, the other has not paid.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { pagesFor } from "./command-blocks.ts";
import { startDevInstallation } from "./dev-installation.ts";
import { runBlocks } from "./run-blocks.ts";
import { shellFolder } from "./shell-folder.ts";

const MOST_MS = 600_000;

test.each(pagesFor("dev"))(
  "%s",
  async (_page, blocks) => {
    // Sockets' paths are short.
    const scratch = mkdtempSync(join(tmpdir(), "cs-"));
    const place = shellFolder(scratch);
    const dev = await startDevInstallation(place);
    try {
      expect(await runBlocks(blocks, { ...place, env: dev.env }, scratch)).toEqual([]);
    } finally {
      await dev.stop();
      rmSync(scratch, { recursive: true, force: true });
    }
  },
  MOST_MS,
);
