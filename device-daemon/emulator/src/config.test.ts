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
    socket: "/tmp/key.sock",
    store: "/tmp/key",
    controlPort: 0,
    profile: { model: "emulator", serial: "EMU-0001", display: true, keypad: true, finger: false, glyphs: "latin" },
  });
});

test("a key without keypad has a finger sensor", () => {
  expect(parseConfig([...NEEDED, "--keypad", "off"]).profile).toMatchObject({ keypad: false, finger: true });
});

test.each([
  [["--store", "/tmp/key"], "--socket"],
  [["--socket", "/tmp/key.sock"], "--store"],
  [[...NEEDED, "--profile", "fido2"], "--profile must be full or no-display"],
  [[...NEEDED, "--control", "70000"], "--control"],
  [[...NEEDED, "--control", "-1"], "--control"],
  [[...NEEDED, "--serial", "sérial"], "--serial"],
  [[...NEEDED, "--model", " x"], "--model"],
  [[...NEEDED, "--glyphs", "all"], "--glyphs"],
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
