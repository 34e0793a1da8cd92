import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { importPublicKey, fromHex } from "@countersign/protocol";
import { ROOT, startChild, tempFolder } from "@countersign/testing";
import { parseConfig } from "./config.ts";

const NEEDED = ["--socket", "/tmp/key.sock", "--store", "/tmp/key"];
const folder = tempFolder();

test("what is not named has a sensible value", () => {
  expect(parseConfig(NEEDED)).toEqual({
    bus: { type: "socket", paths: { vendor: "/tmp/key.sock" } },
    store: "/tmp/key",
    controlPort: 0,
    profile: {
      ...{
        model: "emulator",
        serial: "EMU-0001",
        vendor: true,
        display: true,
        size: { columns: 21, rows: 6 },
        keypad: true,
      },
      ...{ finger: false, glyphs: "latin" },
    },
  });
});

test("a plain FIDO2 key has the FIDO interface alone, a button, and a finger sensor on request", () => {
  const argv = ["--profile", "fido2", "--fido-socket", "/tmp/fido.sock", "--store", "/tmp/key"];
  const config = parseConfig(argv);
  expect(config.bus).toEqual({ type: "socket", paths: { fido: "/tmp/fido.sock" } });
  expect(config.profile).toMatchObject({ vendor: false, display: false, keypad: false, finger: false });
  expect(parseConfig([...argv, "--finger", "on"]).profile.finger).toBe(true);
});

test("a key may show its FIDO interface alone", () => {
  const config = parseConfig(["--fido-socket", "/tmp/fido.sock", "--store", "/tmp/key"]);
  expect(config.bus).toEqual({ type: "socket", paths: { fido: "/tmp/fido.sock" } });
  expect(config.profile.vendor).toBe(true);
});

function bus(...argv: string[]): ReturnType<typeof parseConfig>["bus"] {
  return parseConfig([...argv, "--store", "/tmp/key"]).bus;
}

test("a key may be a device of the kernel, or a USB gadget, with one interface or both", () => {
  expect(bus("--uhid")).toEqual({ type: "uhid" });
  const [vendor, fido] = ["/dev/hidg0", "/dev/hidg1"];
  expect(bus("--hidg", vendor, "--fido-hidg", fido, "--gadget", "/g")).toEqual({
    ...{ type: "gadget", gadget: "/g", paths: { vendor, fido } },
  });
  expect(bus("--profile", "fido2", "--fido-hidg", fido)).toEqual({
    ...{ type: "gadget", gadget: undefined, paths: { fido } },
  });
});

test("a display of any built size is taken", () => {
  expect(parseConfig([...NEEDED, "--display", "16x2"]).profile.size).toEqual({ columns: 16, rows: 2 });
});

test("a key without keypad has a finger sensor", () => {
  expect(parseConfig([...NEEDED, "--keypad", "off"]).profile).toMatchObject({ keypad: false, finger: true });
});

test.each([
  [["--store", "/tmp/key"], "--socket"],
  [["--socket", "/tmp/key.sock"], "--store"],
  [[...NEEDED, "--profile", "u2f"], "--profile must be full or no-display or fido2"],
  [[...NEEDED, "--profile", "fido2"], "--socket is of no use"],
  [["--store", "/tmp/key", "--profile", "fido2"], "--fido-socket"],
  [[...NEEDED, "--uhid"], "a key is plugged in once"],
  [[...NEEDED, "--hidg", "/dev/hidg0"], "a key is plugged in once"],
  [["--store", "/tmp/key", "--gadget", "/g"], "--hidg"],
  [[...NEEDED, "--control", "70000"], "--control"],
  [[...NEEDED, "--control", "-1"], "--control"],
  [[...NEEDED, "--serial", "sérial"], "--serial"],
  [[...NEEDED, "--model", " x"], "--model"],
  [[...NEEDED, "--glyphs", "all"], "--glyphs"],
  [[...NEEDED, "--display", "15x2"], "--display"],
  [[...NEEDED, "--display", "big"], "--display"],
])("%j is refused by name", (argv, words) => {
  expect(() => parseConfig(argv)).toThrow(words);
});

test("the process says where it is once it is there, and ends cleanly", async () => {
  const socket = join(folder, "key.sock");
  const emulator = await startChild("device-daemon/emulator/src/main.ts", [
    ...["--socket", socket, "--store", join(folder, "store"), "--profile", "no-display"],
  ]);
  expect(emulator.ready).toMatchObject({
    ready: true,
    socket,
    control: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
  });
  expect(() => importPublicKey(fromHex(String(emulator.ready["attestationKey"])))).not.toThrow();
  expect(await emulator.stop()).toBe(0);
});

test("a wrong setting ends it with 2 and the usage", () => {
  const ended = spawnSync(
    process.execPath,
    ["--conditions=source", "device-daemon/emulator/src/main.ts", "--nonsense"],
    {
      encoding: "utf8",
      cwd: ROOT,
    },
  );
  expect(ended.status).toBe(2);
  expect(ended.stderr).toContain("--socket PATH");
});
