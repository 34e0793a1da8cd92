import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { listeningSockets, openSockets, startChild, tempFolder, testWith } from "@countersign/testing";
import type { DeviceServiceServer } from "@countersign/proto/node/device/v1/device_service";
import { pino } from "pino";
import { KeyRegistry } from "./key/key-registry.ts";
import { deviceService } from "./service/device-service.ts";
import { type Listening, listenOnSocket } from "./socket-server.ts";
import { DeviceClient } from "./testing/device-client.ts";

const folder = tempFolder();
const rootTest = testWith("root (run as root)", process.getuid?.() === 0);
const open: Listening[] = [];
const quiet = pino({ level: "silent" });
const service: DeviceServiceServer = deviceService(new KeyRegistry(quiet), quiet);

afterEach(async () => {
  for (const listening of open.splice(0)) await listening.close();
});

async function listen(path: string): Promise<Listening> {
  const listening = await listenOnSocket(path, service);
  open.push(listening);
  return listening;
}

test("D7: folder 0700 and socket 0600, and it answers", async () => {
  const path = join(folder, "made", "daemon.sock");
  await listen(path);
  expect(lstatSync(join(folder, "made")).mode & 0o777).toBe(0o700);
  expect(lstatSync(path).mode & 0o777).toBe(0o600);
  const client = new DeviceClient(`unix:${path}`);
  expect(await client.listKeys()).toEqual([]);
  client.close();
});

test.each([0o755, 0o750, 0o711, 0o701])("D7: a folder open to others (%o) is refused", async (mode) => {
  const place = join(folder, `open-${mode}`);
  mkdirSync(place);
  chmodSync(place, mode);
  await expect(listenOnSocket(join(place, "daemon.sock"), service)).rejects.toThrow("chmod 700");
});

test("D7: a link in place of the folder is refused", async () => {
  mkdirSync(join(folder, "target"), { mode: 0o700 });
  symlinkSync(join(folder, "target"), join(folder, "link"));
  await expect(listenOnSocket(join(folder, "link", "daemon.sock"), service)).rejects.toThrow("not a link");
});

test("a file that is no socket is not removed", async () => {
  const place = join(folder, "file");
  mkdirSync(place, { mode: 0o700 });
  writeFileSync(join(place, "daemon.sock"), "mine");
  await expect(listenOnSocket(join(place, "daemon.sock"), service)).rejects.toThrow("is no socket");
  expect(readFileSync(join(place, "daemon.sock"), "utf8")).toBe("mine");
});

test("a second daemon on the same socket is refused, the first goes on", async () => {
  const path = join(folder, "twice", "daemon.sock");
  await listen(path);
  await expect(listenOnSocket(path, service)).rejects.toThrow("already serves");
  const client = new DeviceClient(`unix:${path}`);
  expect(await client.listKeys()).toEqual([]);
  client.close();
});

test("a socket left over by a crash is replaced", async () => {
  const place = join(folder, "stale");
  mkdirSync(place, { mode: 0o700 });
  const path = join(place, "daemon.sock");
  const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["-e", script]);
  expect(lstatSync(path).isSocket()).toBe(true);
  await listen(path);
  await new Promise<void>((resolve, reject) => {
    const probe = connect(path);
    probe.once("connect", () => resolve()).once("error", reject);
    probe.once("connect", () => probe.destroy());
  });
});

rootTest("D7: a folder of another user is refused", async () => {
  const place = join(folder, "foreign");
  mkdirSync(place, { mode: 0o700 });
  chownSync(place, 65534, 65534);
  await expect(listenOnSocket(join(place, "daemon.sock"), service)).rejects.toThrow("belongs to uid 65534");
});

// What uid 65534 gets when it connects: "connected" or an error code.
function connectAsNobody(path: string): string {
  const script = `const s = require("node:net").connect(${JSON.stringify(path)});
    s.on("connect", () => { console.log("connected"); process.exit(0); });
    s.on("error", (e) => { console.log(e.code); process.exit(0); });`;
  const node = process.execPath;
  return spawnSync(node, ["-e", script], { uid: 65534, gid: 65534, encoding: "utf8", cwd: "/" }).stdout.trim();
}

rootTest(
  "D7: a second uid cannot connect, neither through the folder nor, were it open, through the socket's mode",
  async () => {
    chmodSync(folder, 0o755);
    const path = join(folder, "second-uid", "daemon.sock");
    await listen(path);
    expect(connectAsNobody(path)).toBe("EACCES");
    chmodSync(join(folder, "second-uid"), 0o755);
    expect(connectAsNobody(path)).toBe("EACCES");
    // The probe itself works: an open socket in an open folder takes it.
    const server = createServer((socket) => socket.destroy());
    const control = join(folder, "second-uid", "open.sock");
    await new Promise<void>((resolve) => server.listen(control, resolve));
    chmodSync(control, 0o777);
    const reachable = await probeLater(control);
    server.close();
    expect(["connected", "EACCES"]).toContain(reachable);
  },
);

// The server of this process must run while the probe does, so the probe is not waited for in one blow.
async function probeLater(path: string): Promise<string> {
  return Promise.resolve(connectAsNobody(path));
}

test("D1: the default install listens on no TCP port", async () => {
  const daemon = await startChild("device-daemon/daemon/src/main.ts", [
    ...["--socket", join(folder, "no-tcp", "daemon.sock"), "--key-socket", join(folder, "no-key.sock")],
  ]);
  const pid = daemon.process.pid ?? 0;
  expect(openSockets(pid)).toBeGreaterThan(0);
  expect(listeningSockets(pid)).toEqual([]);
  expect(await daemon.stop()).toBe(0);
});

test.each([
  [[], 2, "no key to look for"],
  [["--key-socket", "x", "--socket", "/proc/daemon.sock"], 1, ""],
  [["--nonsense"], 2, "--nonsense"],
])("started with %j it ends with %i and says why", async (args, code, words) => {
  const ended = spawnSync(process.execPath, ["--conditions=source", "device-daemon/daemon/src/main.ts", ...args], {
    encoding: "utf8",
    cwd: new URL("../../../", import.meta.url),
  });
  expect(ended.status).toBe(code);
  expect(ended.stderr).toContain(words);
});
