import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { ROOT } from "@countersign/testing/child";
import { fencedBlocks } from "@countersign/testing/doc-blocks";

test("the one command of the README shows what it promises, and ends", async () => {
  const [block] = fencedBlocks("examples/sudo/README.md");
  const [command = ""] = block?.body.split(/\s/) ?? [];
  const { stdout } = await promisify(execFile)(join(ROOT, command), [], { cwd: "/" });
  expect(stdout).toContain("BREAK-GLASS USED, ada through sudo");
}, 400_000);
