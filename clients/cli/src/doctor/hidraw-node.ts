import { accessSync, constants, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { type InstalledRule, UDEV_FOLDERS, UDEV_RULE_FILE } from "./udev-rule.ts";

/** A HID device of this PC that a key is spoken to on. */
export interface HidrawNode {
  /** "/dev/hidraw3". */
  readonly path: string;
  /** Countersign: usage page FF43, command 0x59. FIDO: usage page F1D0, CTAP2. */
  readonly speaks: "countersign" | "fido";
  /** As the device says; empty if it does not. */
  readonly name: string;
  /** This user may read and write it. */
  readonly openable: boolean;
  /** Permission bits, if the node is there. */
  readonly mode: number | undefined;
}

/** Nodes of keys, in the kernel's order; none where there is no hidraw. */
export function hidrawNodes(sys = "/sys", dev = "/dev"): readonly HidrawNode[] {
  const folder = join(sys, "class/hidraw");
  return namesIn(folder).flatMap((name) => {
    const speaks = whatItSpeaks(join(folder, name, "device/report_descriptor"));
    if (speaks === undefined) return [];
    const path = join(dev, name);
    return [{ path, speaks, name: deviceName(join(folder, name, "device/uevent")), ...accessTo(path) }];
  });
}

/** The rule's file that counts, if there is one. */
export function installedRule(folders: readonly string[] = UDEV_FOLDERS): InstalledRule {
  for (const folder of folders) {
    const path = join(folder, UDEV_RULE_FILE);
    const text = readText(path);
    if (text !== undefined) return { path, text };
  }
  return undefined;
}

function namesIn(folder: string): readonly string[] {
  try {
    const names = readdirSync(folder).filter((name) => /^hidraw\d+$/.test(name));
    return names.toSorted((a, b) => Number(a.slice(6)) - Number(b.slice(6)));
  } catch {
    return [];
  }
}

// A report descriptor begins with usage page (06, two bytes, little endian) and usage (09, one byte).
function whatItSpeaks(path: string): HidrawNode["speaks"] | undefined {
  const start = readBytes(path)?.subarray(0, 5).toString("hex");
  if (start === "0643ff0901") return "countersign";
  return start === "06d0f10901" ? "fido" : undefined;
}

function deviceName(path: string): string {
  return /^HID_NAME=(.*)$/m.exec(readText(path) ?? "")?.[1] ?? "";
}

function accessTo(path: string): { readonly openable: boolean; readonly mode: number | undefined } {
  let mode: number | undefined;
  try {
    mode = statSync(realpathSync(path)).mode & 0o777;
    accessSync(path, constants.R_OK | constants.W_OK);
    return { openable: true, mode };
  } catch {
    return { openable: false, mode };
  }
}

function readBytes(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

function readText(path: string): string | undefined {
  return readBytes(path)?.toString("utf8");
}
