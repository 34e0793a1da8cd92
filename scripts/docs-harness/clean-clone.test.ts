// A new user: a clone with nothing installed, one command, the first confirmed payment; then, down the same page, the first
// call from a program of his own.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { tempFolder, testWith } from "@countersign/testing";
import { ROOT } from "@countersign/testing/child";
import { expect } from "@jest/globals";
import { pagesFor } from "./command-blocks.ts";
import { startDevInstallation } from "./dev-installation.ts";
import { runBlocks } from "./run-blocks.ts";
import { shellFolder } from "./shell-folder.ts";

const canInstall = spawnSync("npm", ["ping", "--fetch-timeout=5000", "--fetch-retries=0"]).status === 0;
const peerTest = testWith("npm registry", canInstall);
const folder = tempFolder();
const MOST_MS = 900_000;
/** What the page promises, on a machine that does nothing else. This one runs other tests as well. */
const PROMISED_MS = 180_000;
/** What the text promises for all of the page. */
const WHOLE_PAGE_MS = 600_000;
const besideDev = new Map(pagesFor("dev"));

peerTest.each(pagesFor("clean clone"))(
  "%s",
  async (page, blocks) => {
    const scratch = join(folder, page.replaceAll(/\W/g, "-").slice(-24));
    mkdirSync(scratch);
    const { env } = shellFolder(scratch);
    const clean = join(scratch, "clean");
    const cloned = spawnSync("git", ["clone", "--quiet", "--depth", "1", `file://${ROOT}`, clean], {
      encoding: "utf8",
    });
    expect(cloned).toMatchObject({ status: 0 });
    const started = performance.now();
    // The path of the caller, without the packages of this checkout.
    const own = {
      ...env,
      PATH: (process.env["PATH"] ?? "")
        .split(":")
        .filter((part) => !part.startsWith(ROOT))
        .join(":"),
    };
    expect(await runBlocks(blocks, { folder: clean, env: own }, scratch)).toEqual([]);
    const took = performance.now() - started;
    console.info(`${page}: ${(took / 1000).toFixed(0)} s with installation; promised ${PROMISED_MS / 1000}`);
    expect(took).toBeLessThan(3 * PROMISED_MS);
    const dev = await startDevInstallation({ folder: clean, env: own });
    try {
      const place = { folder: clean, env: { ...own, ...dev.env } };
      expect(await runBlocks(besideDev.get(page) ?? [], place, join(scratch, "dev"))).toEqual([]);
    } finally {
      await dev.stop();
    }
    const whole = performance.now() - started;
    console.info(`${page}: ${(whole / 1000).toFixed(0)} s to a call from a program of one's own`);
    expect(whole).toBeLessThan(WHOLE_PAGE_MS);
  },
  MOST_MS,
);
