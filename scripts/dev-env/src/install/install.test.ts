// From tarballs to a verified receipt, with nothing of the source tree: docs/how-to/install.md.
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { launchBy, ROOT } from "@countersign/testing/child";
import { fencedBlocks } from "@countersign/testing/doc-blocks";
import { readLedger } from "../installation.ts";
import { expectExit, Scene } from "../scenarios/scene.ts";
import { Installed, mayHide, packInto, tracesOfCheckout } from "./installed.ts";

const peerTest = testWith("unshare", mayHide);
const run = promisify(execFile);
const folder = tempFolder();
const tarballs = join(folder, "tarballs");
let names: readonly string[];
let installed: Installed;

beforeAll(async () => {
  names = await packInto(tarballs);
  installed = await Installed.from(
    names.map((name) => join(tarballs, name)),
    join(folder, "empty"),
  );
  launchBy(installed.launch);
}, 400_000);

test("every part is a tarball, and each is named in SHA256SUMS", () => {
  expect(names).toEqual(
    expect.arrayContaining(
      [
        ...["core", "daemon", "cli", "console", "sdk", "proto", "protocol", "emulator", "example-bank", "bot-kit"],
        ...["telegram", "matrix", "mail", "sms", "sandbox", "admin"].map((bot) => `bot-${bot}`),
      ].map((name) => `countersign-${name}-0.1.0.tgz`),
    ),
  );
  const sums = readFileSync(join(tarballs, "SHA256SUMS"), "utf8").trim().split("\n");
  expect(sums.map((line) => line.split("  ")[1])).toEqual(expect.arrayContaining([...names]));
});

test("the page's way to check them finds them as they were packed", async () => {
  const block = fencedBlocks("docs/how-to/install.md").find(({ body }) => body.includes("sha256sum"));
  expect(await run("sh", ["-eu", "-c", block?.body ?? "false"], { cwd: folder })).toEqual({ stdout: "", stderr: "" });
});

test("packed again in another folder, the bytes are the same", async () => {
  const again = join(folder, "again");
  await packInto(again);
  const [first, second] = [tarballs, again].map((of) => readFileSync(join(of, "SHA256SUMS"), "utf8"));
  expect(second).toBe(first);
}, 400_000);

test("every command says what it is and how it is used", async () => {
  const { commands } = installed;
  expect(commands).toHaveLength(11);
  const told = await Promise.all(
    commands.map(async (command) => ({
      ...{ command, version: await installed.tell(command, "--version") },
      help: await installed.tell(command, "--help"),
    })),
  );
  for (const { command, version, help } of told) {
    expect({ command, version }).toEqual({ command, version: "0.1.0\n" });
    expect(help).toContain(command);
    expect(help).toContain("--");
  }
}, 100_000);

test("packaging/install.sh puts programs, units and the rule in their places, and takes them away but for settings", async () => {
  const root = join(folder, "root");
  const script = join(ROOT, "packaging/install.sh");
  const given = ["--root", root, "--node", process.execPath, ...names.map((name) => join(tarballs, name))];
  await run(script, given, { cwd: folder });
  const lib = join(root, "usr/lib/countersign");
  const command = join(lib, "node_modules/.bin/countersign-core");
  expect((await run(join(lib, "bin/node"), [command, "--version"])).stdout).toBe("0.1.0\n");
  const unit = readFileSync(join(root, "etc/systemd/system/countersign-core.service"), "utf8");
  const [, program = ""] = /^ExecStart=\S+ (\S+)/m.exec(unit) ?? [];
  expect(existsSync(join(root, program))).toBe(true);
  expect(existsSync(join(root, "etc/udev/rules.d/70-countersign.rules"))).toBe(true);
  await run(script, ["--remove", "--root", root], { cwd: folder });
  const left = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(left.map(({ name }) => name)).toEqual(["core.env"]);
}, 300_000);

describe("an installation from tarballs alone", () => {
  let scene: Scene;

  beforeAll(async () => {
    const coreArgs = ["--web-listen", "127.0.0.1:0", "--web-origins", "https://pay.example"];
    scene = await Scene.open({ folder: join(folder, "data"), mode: "B", channels: ["sandbox"], coreArgs });
  }, 400_000);
  afterAll(() => scene?.close());

  test("a payment is confirmed on key and phone, booked once, and its receipt verified offline", async () => {
    const somebody = scene.meet(scene.desk);
    const client = somebody.pay();
    await somebody.hands.confirm();
    const { told } = await expectExit(client, 0);
    expect(readLedger(scene.installation).filter(({ type }) => type === "transaction")).toHaveLength(1);
    const receipt = String(told.at(-1)?.["receiptFile"]);
    const verified = await expectExit(somebody.run("verify", receipt), 0);
    expect(verified.told.at(-1)).toMatchObject({ verified: true, state: "EXECUTED" });
  }, 400_000);

  test("the core serves the installed console", async () => {
    const { webAddress } = scene.installation.core().ready;
    const answer = await fetch(`http://${String(webAddress)}/console/`);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain("<script");
  });

  peerTest("no process has anything of the source tree, nor sees it", () => {
    const { installation, desk } = scene;
    const parts = [installation.core(), ...installation.children, ...desk.children];
    expect(parts).toHaveLength(5);
    for (const { process } of parts) expect(tracesOfCheckout(process.pid ?? 0)).toEqual([]);
  });

  test("ended one after the other, the core last, each exits with 0", async () => {
    const { installation, desk } = scene;
    for (const part of [...desk.children, ...installation.children, installation.core()]) {
      expect({ part: part.process.spawnargs.join(" "), exit: await part.stop() }).toMatchObject({ exit: 0 });
    }
  }, 100_000);
});
