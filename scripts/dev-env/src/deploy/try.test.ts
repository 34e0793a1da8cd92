import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { ROOT } from "@countersign/testing/child";
import { fencedBlocks } from "@countersign/testing/doc-blocks";

test("the one command of the README shows what it promises, and ends", async () => {
  const [block] = fencedBlocks("examples/deploy/README.md");
  const [command = ""] = block?.body.split(/\s/) ?? [];
  const { stdout } = await promisify(execFile)(join(ROOT, command), [], { cwd: "/" });
  expect(stdout).toContain("Nothing of this push was taken");
}, 400_000);
