import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@countersign/testing/child";
import { kernelOf, writeImage } from "./image.ts";
import { type MachineEnd, runMachine } from "./qemu.ts";

const KERNELS = join(ROOT, ".peers/kernel");
const TOOLS = ["fido2-token", "fido2-cred", "fido2-assert", "flock"].map((name) => `/usr/bin/${name}`);

/** What a guest is made of: a kernel, its modules in the order of loading, the board, more programs. */
export interface Tier {
  readonly kernel: "cloud" | "full";
  readonly modules: readonly string[];
  readonly board: "microvm" | "pc";
  readonly programs?: readonly string[];
  /** Path in the guest, path here. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Devices of the kernel through `/dev/uhid`: the small kernel for clouds has all it takes, and no USB. */
export const UHID: Tier = { kernel: "cloud", modules: ["hid", "hid-generic", "uhid"], board: "microvm" };

/** A FIDO2 key of another hand, as scripts/install-peers builds it. */
const FOREIGN_KEY = join(ROOT, ".peers/foreign-key/foreign-key");

/** As UHID, with a FIDO2 key that is not ours. */
export const UHID_AND_FOREIGN_KEY: Tier = { ...UHID, programs: [FOREIGN_KEY] };

const USB = ["usb-common", "usbcore"];
const GADGET_MODULES = [
  ...["configfs", "udc-core", "libcomposite", "usb_f_hid", "hid", "usbhid", "hid-generic", "dummy_hcd"],
];

/** udev's own program, unpacked and not installed. */
const UDEVADM = join(ROOT, ".peers/udev/bin/udevadm");

/** A USB gadget and its host on one virtual bus. */
export const GADGET: Tier = {
  kernel: "full",
  modules: [...USB, ...GADGET_MODULES],
  board: "pc",
  programs: [UDEVADM],
  files: { "/etc/udev/rules.d/70-countersign.rules": join(ROOT, "packaging/udev/70-countersign.rules") },
};

/** Whether a tier's programs are on this machine; scripts/install-peers brings them. */
export function hasTier({ kernel, programs: more = [] }: Tier): boolean {
  const programs = ["/usr/bin/qemu-system-x86_64", "/bin/busybox", ...TOOLS, ...more];
  return [...programs, join(KERNELS, kernel, "boot")].every((path) => existsSync(path));
}

/** What the guest said. */
export interface GuestRun {
  /** Names of checks that passed, and those that failed with the reason. */
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  /** Measured values, as `name = value unit`. */
  readonly figures: readonly string[];
  /** The program ran to its end. */
  readonly ended: boolean;
  readonly console: string;
  readonly ms: number;
}

/** Emulation is slow, and on a busy machine many times slower; this long without a line of the console is no life, in milliseconds. */
const SILENCE_MS = 900_000;

/** Boots a guest that runs one program of `guest/`, and reads its console. `folder` gets the image, for as long as it runs. */
export async function runGuest(tier: Tier, program: string, folder: string): Promise<GuestRun> {
  const kernel = join(KERNELS, tier.kernel);
  const image = join(folder, `${program}.cpio`);
  writeImage(image, {
    kernel,
    modules: tier.modules,
    programs: [...TOOLS, ...(tier.programs ?? [])],
    files: tier.files ?? {},
  });
  try {
    const end = await runMachine({
      ...{ kernel: kernelOf(kernel), image, board: tier.board, memory: 1536, silenceMs: SILENCE_MS },
      words: [`MODULES=${tier.modules.join(",")}`, `RUN=scripts/dev-env/src/vm/guest/${program}.ts`],
    });
    return readConsole(end);
  } finally {
    rmSync(image, { force: true });
  }
}

/** As `runGuest`, once more when the machine did not come to its end: never because a check failed. */
export async function runGuestTwice(tier: Tier, program: string, folder: string): Promise<GuestRun> {
  const first = await runGuest(tier, program, folder);
  if (first.ended) return first;
  console.warn(`the machine did not come to its end, once more:\n${first.console.slice(-4_000)}`);
  return runGuest(tier, program, folder);
}

/** Reads the lines of `guest/checks.ts`. The console is the only witness: QEMU's exit code says nothing about the guest. */
export function readConsole({ console, ms }: Pick<MachineEnd, "console" | "ms">): GuestRun {
  const lines = console.split(/\r?\n/);
  const after = (word: string): string[] =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  return {
    ...{ passed: after("PASS"), failed: after("FAIL"), figures: after("FIGURE") },
    ...{ ended: lines.includes("END"), console, ms },
  };
}
