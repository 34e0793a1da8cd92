import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { descriptorsOf, tempFolder, testWith } from "@countersign/testing";
import { FileLock } from "./device-lock.ts";

const peerTest = testWith("flock of util-linux", spawnSync("flock", ["--version"]).status === 0);
const path = join(tempFolder(), "hidraw0");
writeFileSync(path, "");
const others: ChildProcess[] = [];

afterEach(async () => {
  for (const other of others.splice(0)) await letGo(other);
});

/** Another program that holds the lock until it is told to let go. */
async function hold(): Promise<ChildProcess> {
  const other = spawn("flock", ["--exclusive", path, "sh", "-c", "echo held; exec cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  others.push(other);
  await new Promise((resolve) => other.stdout?.once("data", resolve));
  return other;
}

async function letGo(other: ChildProcess): Promise<void> {
  if (other.exitCode !== null) return;
  const gone = new Promise((resolve) => other.once("exit", resolve));
  other.stdin?.end();
  await gone;
}

/** Waits for a busy machine, too. */
function lock(): FileLock {
  return new FileLock(path, "flock", 60_000);
}

/** Whether another program could have the lock now. */
function isFree(): boolean {
  return spawnSync("flock", ["--exclusive", "--nonblock", path, "true"]).status === 0;
}

async function taken(): Promise<() => void> {
  const release = await lock().take();
  if (release === "held") throw new Error("somebody else holds the lock");
  return release;
}

const descriptors = (): number => descriptorsOf(path);

peerTest("D9: the lock keeps other programs out until it is released, and not longer", async () => {
  const before = descriptors();
  const release = await taken();
  expect(isFree()).toBe(false);
  release();
  expect(isFree()).toBe(true);
  expect(descriptors()).toBe(before);
});

peerTest("D9: held by another program, then not", async () => {
  const other = await hold();
  const before = descriptors();
  expect(await lock().take()).toBe("held");
  expect(descriptors()).toBe(before);
  await letGo(other);
  (await taken())();
});

peerTest("D9: the lock is courtesy: without `flock` all goes on, even where another program holds it", async () => {
  await hold();
  const before = descriptors();
  const release = await new FileLock(path, "no-such-program").take();
  expect(release).not.toBe("held");
  if (release !== "held") release();
  expect(descriptors()).toBe(before);
});

test("D9: a device that is gone or closed to us is used without a lock, and its opening says why", async () => {
  expect(await new FileLock(`${path}-gone`).take()).not.toBe("held");
});

peerTest("D9: fifty requests leave no descriptor behind", async () => {
  const before = descriptors();
  for (let at = 0; at < 50; at++) (await taken())();
  expect(descriptors()).toBe(before);
});
