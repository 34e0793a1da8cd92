import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { ROOT, tempFolder } from "@countersign/testing";

const folder = tempFolder();

let runs = 0;

/** Runs Jest over these test files with the closing line of ours. */
async function run(
  files: Readonly<Record<string, string>>,
  minutes: number,
): Promise<{ code: unknown; lines: string[]; told: string }> {
  const root = join(folder, String((runs += 1)));
  const told = join(root, "told");
  mkdirSync(root);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(root, file), text);
  const reporter = join(ROOT, "scripts/jest/closing-line.js");
  writeFileSync(
    join(root, "jest.config.json"),
    JSON.stringify({ transform: {}, reporters: [reporter], maxWorkers: 2 }),
  );
  const child = spawn(process.execPath, [join(ROOT, "node_modules/jest/bin/jest.js")], {
    cwd: root,
    env: { ...process.env, COUNTERSIGN_TEST_MINUTES: String(minutes), FAILED_CHECKS: "0", TOLD: told },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  return { code: code ?? signal, lines: out.trimEnd().split("\n"), told };
}

const GOOD = `test("good", () => undefined);`;
// A child of its own, and then no turn of the loop any more.
const STUCK = `test("stuck", () => {
  const { pid } = require("node:child_process").spawn("sleep", ["1000"]);
  require("node:fs").writeFileSync(process.env.TOLD, String(pid));
  for (;;);
});`;

test("a run ends with its closing line", async () => {
  const { code, lines } = await run({ "a.test.js": GOOD, "b.test.js": GOOD }, 30);
  expect([code, lines.at(-1)]).toEqual([0, "2 passed, 0 failed, 0 skipped"]);
});

/** Whether it is there and no zombie. */
function isAlive(pid: string): boolean {
  try {
    return !/^.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}

test.each([
  ["in a worker", { "a.test.js": GOOD, "b.test.js": STUCK }],
  ["in Jest's own process", { "b.test.js": STUCK }],
])(
  "a test that never ends %s: the run ends all the same, and counts it as failed",
  async (_where, files) => {
    let ended = await run(files, 0.1);
    // The limit may have come before the test did: then a longer one.
    for (let minutes = 0.4; !existsSync(ended.told); minutes *= 4) ended = await run(files, minutes);
    const closing = expect.stringMatching(/^[01] passed, 1 failed, 0 skipped$/);
    expect([ended.code, ended.lines.at(-1)]).toEqual(["SIGKILL", closing]);
    const pid = readFileSync(ended.told, "utf8");
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
  },
  300_000,
);
