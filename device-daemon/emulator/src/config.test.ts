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
    profile: {
      ...{ model: "emulator", serial: "EMU-0001", vendor: true, display: true, keypad: true },
      ...{ finger: false, glyphs: "latin" },
    },
  });
});

test("a plain FIDO2 key has the FIDO interface alone, a button, and a finger sensor on request", () => {
  const argv = ["--profile", "fido2", "--fido-socket", "/tmp/fido.sock", "--store", "/tmp/key"];
  const config = parseConfig(argv);
  expect(config.fidoSocket).toBe("/tmp/fido.sock");
  expect(config.socket).toBeUndefined();
  expect(config.profile).toMatchObject({ vendor: false, display: false, keypad: false, finger: false });
  expect(parseConfig([...argv, "--finger", "on"]).profile.finger).toBe(true);
});

test("a key may show its FIDO interface alone", () => {
  const config = parseConfig(["--fido-socket", "/tmp/fido.sock", "--store", "/tmp/key"]);
  expect(config).toMatchObject({ fidoSocket: "/tmp/fido.sock", profile: { vendor: true } });
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
