import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "@jest/globals";

/**
 * A fresh folder of the test file's own (0700), removed when the file has run: before its own afterAll, so what still runs
 * may write once more into a folder that is just being emptied.
 */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "countersign-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}
