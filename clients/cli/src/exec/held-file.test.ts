// What runs is what was hashed: by descriptor, and by a copy where others may write.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "@jest/globals";
import { sha256, type CommandRun } from "@countersign/protocol";
import { tempFolder } from "@countersign/testing";
import { hashHeld, holdFile, type HeldFile } from "./held-file.ts";
import { callOf } from "./run-command.ts";

const root = tempFolder();

/** A script in a folder of its own. */
function script(mode: number, text = "#!/bin/sh\necho good\n"): string {
  const path = join(mkdtempSync(join(root, "place-")), "run.sh");
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

/** As Linux would call it, from the descriptors that are held. */
function callHeld(command: HeldFile, ...interpreters: HeldFile[]): ReturnType<typeof callOf> {
  const program = { command, interpreters: interpreters.map((file) => ({ file, argument: undefined })) };
  return callOf({ program, run: { arguments: [] as readonly string[] } as CommandRun });
}

/** What it prints when it is run by its descriptor. */
function printed(held: HeldFile): string {
  const shell = holdFile("/bin/sh");
  const { file, args, scripts } = callHeld(held, shell);
  const { stdout } = spawnSync(file, args, { stdio: ["ignore", "pipe", "inherit", ...scripts], encoding: "utf8" });
  shell.close();
  return stdout;
}

test.each([0o722, 0o702, 0o720])("a program that others may write (mode %o) is copied, and the copy runs", (mode) => {
  const path = script(mode);
  const held = holdFile(path);
  const before = held.sha256;
  writeFileSync(path, "#!/bin/sh\necho evil\n");
  expect(hashHeld(held)).toEqual(before);
  expect(before).toEqual(sha256(Buffer.from("#!/bin/sh\necho good\n")));
  expect(printed(held)).toBe("good\n");
  held.close();
});

test("the copy has no name, nobody may write it, and its folder is gone", () => {
  const held = holdFile(script(0o777));
  const status = fstatSync(held.fd);
  expect([status.nlink, status.mode & 0o777]).toEqual([0, 0o500]);
  const [, place = "/"] = /^(.+) \(deleted\)$/.exec(readlinkSync(`/proc/self/fd/${held.fd}`)) ?? [];
  expect(place).toContain("countersign-exec-");
  expect(existsSync(dirname(place))).toBe(false);
  held.close();
});

test("a program of this user alone is not copied: what is written in place shows in its hash", () => {
  const path = script(0o700);
  const held = holdFile(path);
  expect(readlinkSync(`/proc/self/fd/${held.fd}`)).toBe(path);
  writeFileSync(path, "#!/bin/sh\necho evil\n");
  expect(hashHeld(held)).not.toEqual(held.sha256);
  held.close();
});

test("a native program runs from /proc/self/fd: another one under its name changes nothing", () => {
  const folder = mkdtempSync(join(root, "native-"));
  const path = join(folder, "tool");
  copyFileSync("/bin/echo", path);
  chmodSync(path, 0o755);
  const held = holdFile(path);
  copyFileSync("/bin/false", `${path}.new`);
  chmodSync(`${path}.new`, 0o755);
  renameSync(`${path}.new`, path);
  const { file, argv0, args, scripts } = callHeld(held);
  expect({ file, argv0, args, scripts }).toEqual({
    file: `/proc/self/fd/${held.fd}`,
    argv0: path,
    args: [],
    scripts: [],
  });
  const ran = spawnSync(file, ["kept"], { argv0, encoding: "utf8" });
  expect([ran.status, ran.stdout]).toEqual([0, "kept\n"]);
  held.close();
});

test("a script keeps its path only where nobody else decides what it leads to; else it is /dev/fd/3", () => {
  const shell = holdFile("/bin/sh");
  const safe = join(root, "safe");
  mkdirSync(safe, { mode: 0o700 });
  const [own, others] = [join(safe, "own.sh"), join(safe, "others.sh")];
  writeFileSync(own, "#!/bin/sh\n", { mode: 0o700 });
  writeFileSync(others, "#!/bin/sh\n");
  chmodSync(others, 0o722);
  const held = [holdFile(own), holdFile(others)] as const;
  const calls = held.map((one) => callHeld(one, shell));
  expect(calls.map(({ args }) => args)).toEqual([[own], ["/dev/fd/3"]]);
  expect(calls.map(({ scripts }) => scripts)).toEqual([[], [held[1].fd]]);
  chmodSync(safe, 0o777);
  expect(callHeld(held[0], shell).args).toEqual(["/dev/fd/3"]);
  for (const one of [...held, shell]) one.close();
});

test("what is closed is closed, and what is no program is not opened", () => {
  const held = holdFile(script(0o722));
  held.close();
  expect(() => closeSync(held.fd)).toThrow("EBADF");
  expect(() => holdFile(join(root, "none"))).toThrow("there is no such program");
  expect(() => holdFile(root)).toThrow("is no file");
  expect(() => holdFile(script(0o600))).toThrow("is not executable");
});
