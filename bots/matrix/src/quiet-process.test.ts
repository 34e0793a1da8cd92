import { spawnSync } from "node:child_process";
import { ROOT } from "@countersign/testing";
import { expect, test } from "@jest/globals";

test.each([
  ["Promise.reject(new TypeError('!room:x 482915'))", 0],
  ["setImmediate(() => { throw new TypeError('!room:x 482915') })", 70],
])("%s: nothing of the error is printed but its name", (code, status) => {
  const script = `
    import { openLog } from "@countersign/bot-kit";
    import { keepErrorsQuiet } from "./bots/matrix/src/quiet-process.ts";
    keepErrorsQuiet(openLog("matrix"));
    ${code};
    setTimeout(() => {}, 50);`;
  const args = ["--conditions=source", "--input-type=module", "--eval", script];
  const ended = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
  expect(ended.status).toBe(status);
  expect(ended.stdout).toBe("");
  expect(ended.stderr).toContain('"errorName":"TypeError"');
  expect(ended.stderr).not.toMatch(/room|482915/);
});
