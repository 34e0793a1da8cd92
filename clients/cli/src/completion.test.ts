import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "@jest/globals";
import { ROOT, tempFolder, testWith } from "@countersign/testing";

const folder = tempFolder();
const MAIN = join(ROOT, "clients/cli/src/main.ts");

function cli(...args: string[]): { stdout: string; stderr: string; status: number | null } {
  const flags = ["--conditions=source", "--disable-warning=ExperimentalWarning", MAIN];
  return spawnSync(process.execPath, [...flags, ...args], { cwd: folder, encoding: "utf8" });
}

test.each(["sh", "zsh", "fish"])("prints a script for %s", (shell) => {
  const { stdout, status } = cli("completion", shell);
  expect([status, stdout]).toEqual([0, expect.stringContaining("countersign")]);
});

test("another shell is refused", () => {
  expect(cli("completion", "tcsh").status).toBe(2);
});

test("the script completes what sh would run", () => {
  const { stdout } = cli("completion", "sh");
  expect(spawnSync("bash", ["-n"], { input: stdout }).status).toBe(0);
});

/** How each shell reads what it needs, with the command of this workspace in place of an installed one. */
const SHELLS: readonly (readonly [shell: string, script: string, files: () => void, command: readonly string[]])[] = [
  [
    "bash",
    "sh",
    () => write("rc.bash", [AS_FUNCTION, `. "${folder}/completion.sh"`]),
    ["bash", "--noprofile", "--rcfile", join(folder, "rc.bash"), "-i"],
  ],
  [
    "zsh",
    "zsh",
    () => write("z/.zshrc", ["autoload -Uz compinit; compinit -u -D", AS_FUNCTION, `. "${folder}/completion.zsh"`]),
    ["env", `ZDOTDIR=${join(folder, "z")}`, "zsh", "-i"],
  ],
  [
    "fish",
    "fish",
    () => write("rc.fish", [AS_FISH_FUNCTION, `source "${folder}/completion.fish"`]),
    ["env", `HOME=${folder}`, "fish", "-i", "-C", `'source ${join(folder, "rc.fish")}'`],
  ],
];
const NODE = `"${process.execPath}" --conditions=source --disable-warning=ExperimentalWarning "${MAIN}"`;
const AS_FUNCTION = `countersign() { if [ "$1" = complete ]; then ${NODE} "$@"; else echo "RAN[$*]"; fi; }`;
const AS_FISH_FUNCTION = `function countersign; if test "$argv[1]" = complete; ${NODE} $argv; else; echo "RAN[$argv]"; end; end`;

function write(name: string, lines: readonly string[]): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), `${lines.join("\n")}\n`);
}

const isThere = (program: string): boolean => spawnSync(program, ["--version"]).error === undefined;

for (const [shell, script, prepare, command] of SHELLS) {
  const peerTest = shell === "bash" ? test : testWith(shell, isThere(shell) && isThere("script"));
  peerTest(
    `${shell} at a terminal: Tab completes a command, a choice, and a word without evaluating it`,
    async () => {
      write(`completion.${script}`, [cli("completion", script).stdout]);
      prepare();
      const terminal = spawn("script", ["-qec", command.join(" "), "/dev/null"], {
        cwd: folder,
        env: { ...process.env, TERM: "dumb", PS1: "$ " },
      });
      let screen = "";
      let look: (() => void) | undefined;
      terminal.stdout.setEncoding("utf8").on("data", (text: string) => {
        screen += text;
        look?.();
      });
      let isOver = false;
      terminal.once("close", () => {
        isOver = true;
        look?.();
      });
      const until = (text: string): Promise<void> =>
        new Promise((resolve) => {
          const seen = (): void => void ((isOver || screen.includes(text)) && resolve());
          look = seen;
          seen();
        });
      // One after the other: a shell that starts may lose what is typed ahead.
      terminal.stdin.write("countersign ready\n");
      await until("RAN[ready]");
      terminal.stdin.write("countersign tx wat\t\n");
      await until("RAN[tx wat");
      terminal.stdin.write("countersign confirm '$(touch evaluated)' --pay\t\n");
      await until("RAN[confirm");
      terminal.stdin.write("countersign pay --until con\t\n");
      await until("RAN[pay --until con");
      const gone = new Promise((resolve) => terminal.once("close", resolve));
      terminal.stdin.end("exit\n");
      await gone;
      expect(screen).toMatch(/RAN\[tx watch ?\]/);
      expect(screen).toMatch(/RAN\[pay --until confirmed ?\]/);
      expect(existsSync(join(folder, "evaluated"))).toBe(false);
    },
    60_000,
  );
}

test.each([
  [["confirm", "dep"], "deploy"],
  [["link", ""], "telegram"],
  [["pay", "--un"], "--until"],
  [["pay", "--until", ""], "confirmed"],
  [["confirm", "pay", "--field", "am"], "amount="],
  [["tx", ""], "watch"],
  [["admin", "user", ""], "freeze"],
  [["admin", "tx", "list", "--state", ""], "tampered"],
])("offers for %j", (words, offered) => {
  expect(cli("complete", "--", ...words).stdout.split(/\s/)).toContain(offered);
});

test("offers payment files that lie here", () => {
  writeFileSync(join(folder, "invoice.xml"), "");
  expect(cli("complete", "--", "pay", "inv").stdout).toContain("invoice.xml");
});

test("the command as a process: version, help, bad usage", () => {
  expect(cli("--version")).toMatchObject({ status: 0, stdout: "0.1.0\n" });
  expect(cli("--help").stdout).toContain("pay [options] <file>");
  expect(cli("frobnicate")).toMatchObject({ status: 2, stdout: "" });
});
