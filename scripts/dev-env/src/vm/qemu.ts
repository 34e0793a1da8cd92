import { spawn } from "node:child_process";

/** A machine to boot. */
export interface Machine {
  readonly kernel: string;
  /** The archive that the kernel unpacks. */
  readonly image: string;
  /** `microvm` boots faster and has no USB; `pc` is a whole PC. */
  readonly board: "microvm" | "pc";
  /** More words of the kernel's command line; they reach `/init` as variables. */
  readonly words?: readonly string[];
  /** Megabytes. */
  readonly memory: number;
  /** The machine is ended when its console says nothing for this long, in milliseconds. */
  readonly silenceMs: number;
  /** Sees each line of the console as it comes. */
  readonly onLine?: (line: string) => void;
}

/** How a machine ended. QEMU's own exit code says nothing about the guest. */
export interface MachineEnd {
  readonly console: string;
  readonly why: "power-off" | "time";
  readonly ms: number;
}

/**
 * Boots a machine by software emulation, without a network, a disk or any way out but its console.
 *
 * Its clock counts instructions (`-icount`), and jumps to the next timer when nothing runs: a busy host makes it slow and
 * never late, and what only waits costs nothing. Without `-icount`, microvm hangs in its clock's calibration on a busy host.
 */
export async function runMachine(machine: Machine): Promise<MachineEnd> {
  const { board, kernel, image, memory, silenceMs } = machine;
  const words = ["console=ttyS0", "panic=-1", "quiet", "mitigations=off", ...(machine.words ?? [])];
  const began = performance.now();
  const qemu = spawn(
    "qemu-system-x86_64",
    [
      ...["-M", board === "microvm" ? "microvm,rtc=on" : "pc", "-cpu", "Nehalem", "-smp", "1", "-m", String(memory)],
      ...["-accel", "tcg,thread=single,tb-size=512", "-icount", "shift=0,sleep=off"],
      ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio"],
      ...["-kernel", kernel, "-initrd", image, "-append", words.join(" ")],
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let why: MachineEnd["why"] = "power-off";
  const limit = setTimeout(() => {
    why = "time";
    qemu.kill("SIGKILL");
  }, silenceMs);
  let console = "";
  let told = 0;
  const read = (text: string): void => {
    limit.refresh();
    console += text;
    for (let end = console.indexOf("\n", told); end !== -1; end = console.indexOf("\n", told)) {
      machine.onLine?.(console.slice(told, end).replace(/\r$/, ""));
      told = end + 1;
    }
  };
  qemu.stdout.setEncoding("utf8").on("data", read);
  qemu.stderr.setEncoding("utf8").on("data", read);
  await new Promise<void>((resolve, reject) => {
    qemu.once("error", reject);
    qemu.once("close", () => resolve());
  });
  clearTimeout(limit);
  return { console, why, ms: Math.round(performance.now() - began) };
}
