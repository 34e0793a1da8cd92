import { chownSync, mkdirSync } from "node:fs";
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import type { ServiceError } from "@grpc/grpc-js";
import { status } from "@grpc/grpc-js";
import { FROM_SOURCE, ROOT } from "@countersign/testing/child";
import { connect, type Parts } from "../../parts.ts";
import { daemonSees } from "../../scenarios/key-power.ts";
import { type Checks, ensure } from "./checks.ts";
import type { GuestDesk } from "./guest-desk.ts";
import { untilHidraws } from "./hidraw.ts";

const OTHER_USER = 1000;

/** A second user's daemon: the key may not be opened by him, then it may, as udev's rule has it. */
export async function permission(checks: Checks, { installation }: GuestDesk): Promise<void> {
  const folder = "/tmp/other";
  mkdirSync(folder, { mode: 0o700 });
  chownSync(folder, OTHER_USER, OTHER_USER);
  const daemon = await startDaemonOfOther(join(folder, "d.sock"));
  const parts = connect(installation, `unix:${join(folder, "d.sock")}`);
  await checks.check("D14: who may not open the key is told PERMISSION_DENIED and the udev rule", () =>
    isDenied(parts),
  );
  await checks.check("D14: once he may, the same daemon has the key", async () => {
    for (const { path } of await untilHidraws(2)) chownSync(path, OTHER_USER, OTHER_USER);
    await daemonSees(parts, 1);
  });
  parts.close();
  daemon.kill();
}

/** The daemon looks at the bus on its own time: until then there is no key. */
async function isDenied({ device }: Parts): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const error = await device.verifyUser({ deviceId: "", method: 0 }).then(
      () => undefined,
      (cause: unknown) => cause as ServiceError,
    );
    ensure(error !== undefined, "VerifyUser went through");
    if (error.code === status.NOT_FOUND) continue;
    ensure(error.code === status.PERMISSION_DENIED, `${error.code} ${error.details}`);
    ensure(error.details.includes('TAG+="uaccess"'), error.details);
    return;
  }
  throw new Error("the daemon never saw that there is a key");
}

function startDaemonOfOther(socket: string): Promise<ChildProcess> {
  const entry = `${ROOT}device-daemon/daemon/src/main.ts`;
  const child = spawn(process.execPath, [...FROM_SOURCE, entry, "--hid", "--socket", socket], {
    stdio: ["ignore", "pipe", "inherit"],
    uid: OTHER_USER,
    gid: OTHER_USER,
    env: { ...process.env, COUNTERSIGN_LOG: "error" },
  });
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the daemon ended with ${code}`)));
    createInterface({ input: child.stdout }).once("line", () => resolve(child));
  });
}
