import { expect, test } from "@jest/globals";
import { UDEV_RULE, UDEV_RULE_FILE } from "@countersign/key-protocol";
import { permissionFix } from "./permission-fix.ts";

test.each([
  ["countersign", "linux", [UDEV_RULE, UDEV_RULE_FILE, "udevadm control --reload && sudo udevadm trigger"]],
  ["fido2", "linux", ["sits at the PC", "libfido2-1"]],
  ["countersign", "win32", ["Close the program"]],
  ["fido2", "win32", ["10.0.18362", "Countersign key"]],
  ["countersign", "darwin", ["Input Monitoring"]],
  ["fido2", "darwin", ["Input Monitoring"]],
  ["countersign", "freebsd", ["may not be opened by this user."]],
] as const)("D14: the fix of a %s key on %s", (kind, platform, words) => {
  const fix = permissionFix(kind, "/dev/hidraw3", platform);
  expect(fix).toContain("/dev/hidraw3");
  for (const word of words) expect(fix).toContain(word);
});
