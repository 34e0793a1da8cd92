import { UDEV_RULE, UDEV_RULE_FILE } from "@countersign/key-protocol";
import type { KeyKind } from "../key/attached-key.ts";

const LINUX = [
  `Put this line into /etc/udev/rules.d/${UDEV_RULE_FILE}: ${UDEV_RULE}`,
  "then run: sudo udevadm control --reload && sudo udevadm trigger",
].join(" - ");

const LINUX_FIDO = [
  "systemd opens FIDO2 keys to who sits at the PC: log in there instead of over ssh, or install the rules of libfido2",
  "(on Debian: apt-get install libfido2-1)",
].join(" ");

const WINDOWS_FIDO = [
  "Windows lets programs of administrators alone speak to FIDO2 keys since 10.0.18362:",
  "use a Countersign key, which has an interface of its own, or confirm in the browser",
].join(" ");

const MACOS = "Allow the daemon under System Settings > Privacy & Security > Input Monitoring, then start it anew";

const FIXES: Partial<Record<NodeJS.Platform, Readonly<Record<KeyKind, string>>>> = {
  linux: { countersign: LINUX, fido2: LINUX_FIDO },
  win32: { countersign: "Close the program that uses it, then plug it in again", fido2: WINDOWS_FIDO },
  darwin: { countersign: MACOS, fido2: MACOS },
};

/** What to do where a key is plugged in and this user may not open it, on `platform` (as `process.platform`). */
export function permissionFix(kind: KeyKind, path: string, platform: NodeJS.Platform): string {
  const name = kind === "fido2" ? "the FIDO2 key" : "the key";
  return `${name} at ${path} may not be opened by this user. ${FIXES[platform]?.[kind] ?? ""}`.trimEnd();
}
