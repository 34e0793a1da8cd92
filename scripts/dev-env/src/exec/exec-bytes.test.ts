// Bytes that are no UTF-8, by a real process: what was meant nobody could say, so that nothing is asked.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { FROM_SOURCE, ROOT } from "@countersign/testing/child";

const folder = tempFolder();
const token = join(folder, "token");
const mark = join(folder, "ran");
beforeEach(() => {
  rmSync(mark, { force: true });
  writeFileSync(token, `cs_app_${"A".repeat(40)}\n`, { mode: 0o600 });
});

/** `$1` … are the program; `$FF` is the byte that no text in UTF-8 has. */
const SHELL = String.raw`FF=$(printf '\377'); `;
const PROGRAM = [process.execPath, ...FROM_SOURCE, `${ROOT}clients/cli/src/main.ts`];
/** Nobody listens there: whoever got as far as asking would end with 69. */
const AROUND = [
  ...["--core", "127.0.0.1:9", "--patience", "0", "--user", "erika", "--daemon", "/nowhere", "--token-file", token],
  ...["--execute-token", token, "--server-id", "00".repeat(16)],
];

/** Runs `countersign … exec` with what a shell makes of these words. */
function exec(
  words: string,
  before = "",
): { readonly status: number | null; readonly out: string; readonly err: string } {
  const script = `${SHELL}${before} exec "$@" exec ${words}`;
  const { status, stdout, stderr } = spawnSync("/bin/sh", ["-c", script, "sh", ...PROGRAM, ...AROUND], {
    ...{ cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] },
    env: { PATH: process.env["PATH"], HOME: folder },
  });
  return { status, out: stdout, err: stderr };
}

test.each([
  ["an argument", `-- /usr/bin/touch ${mark} "a$FF"`, "", "argument[1]: U+FFFD: bytes that are no UTF-8"],
  ["an argument of a dry run", `--dry-run -- /usr/bin/touch "$FF"`, "", "argument[0]: U+FFFD"],
  ["a variable that is set", `--env "PLACE=$FF" -- /usr/bin/touch ${mark}`, "", "U+FFFD"],
  ["a variable that is handed on", `--env PLACE -- /usr/bin/touch ${mark}`, 'export PLACE="x$FF";', "U+FFFD"],
  ["the command", `-- "/usr/bin/touch$FF" ${mark}`, "", "is no executable file"],
  ["the directory", `-- /usr/bin/touch ${mark}`, 'mkdir -p "d$FF"; cd "d$FF";', "no UTF-8"],
  ["the purpose", `--reason "why $FF" -- /usr/bin/touch ${mark}`, "", "purpose: U+FFFD is not allowed"],
])(
  "0xFF in %s: exit 2, named, nothing asked, nothing run",
  (_name, words, before, named) => {
    const { status, out, err } = exec(words, before);
    expect({ status, out, err }).toEqual({ status: 2, out: "", err: expect.stringContaining(named) });
    expect(existsSync(mark)).toBe(false);
  },
  60_000,
);

test("a command that is a file with such a name is not taken for another one", () => {
  mkdirSync(join(folder, "names"), { recursive: true });
  // What the name reads like once its bytes are lost.
  writeFileSync(join(folder, "names", "run\u{FFFD}"), `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o700 });
  const { status, err } = exec(`-- "./names/run$FF"`);
  expect([status, err]).toEqual([2, expect.stringContaining("U+FFFD")]);
  expect(existsSync(mark)).toBe(false);
}, 60_000);
