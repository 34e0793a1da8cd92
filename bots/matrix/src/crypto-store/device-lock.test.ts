import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { ROOT, tempFolder } from "@countersign/testing";
import { afterAll, expect, test } from "@jest/globals";
import { DeviceLock } from "./device-lock.ts";

const folder = tempFolder();
const inUse = expect.objectContaining({ name: "StoreError", code: "in-use" });
const children: ChildProcess[] = [];

afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
});

/** Another process that takes the lock, says so, and waits. */
async function holder(path: string): Promise<ChildProcess> {
  const code = `
    import { DeviceLock } from "./device-lock.ts";
    DeviceLock.take(${JSON.stringify(path)});
    process.stdout.write("held");
    setInterval(() => {}, 1000);
  `;
  const child = spawn(
    process.execPath,
    ["--conditions=source", "--disable-warning=ExperimentalWarning", "--input-type=module-typescript", "-e", code],
    { cwd: join(ROOT, "bots/matrix/src/crypto-store"), stdio: ["ignore", "pipe", "inherit"] },
  );
  children.push(child);
  await once(child.stdout, "data");
  return child;
}

test("a second holder in the same process is refused, until the first lets go", () => {
  const path = join(folder, "one.lock");
  const lock = DeviceLock.take(path);
  expect(() => DeviceLock.take(path)).toThrow(inUse);
  lock.release();
  lock.release();
  DeviceLock.take(path).release();
});

test("a second process is refused with a word on what to do; SIGKILL frees the device at once", async () => {
  const path = join(folder, "two.lock");
  const child = await holder(path);
  expect(() => DeviceLock.take(path)).toThrow(inUse);
  expect(() => DeviceLock.take(path)).toThrow("stop it first");
  child.kill("SIGKILL");
  await once(child, "exit");
  DeviceLock.take(path).release();
});
