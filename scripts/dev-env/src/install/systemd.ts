// What systemd-analyze says of the units, and how to run a program as a unit would without systemd.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, type Launch } from "@countersign/testing/child";

/** Where the units lie. */
export const UNITS: string = join(ROOT, "packaging/systemd");

const INSTALLED_NODE = "/usr/lib/countersign/bin/node";

/** Whether the program that judges units is here. */
export const hasSystemd: boolean = existsSync("/usr/bin/systemd-analyze");

/** Whether a process may be put among mounts of its own and traced. */
export const mayRestrict: boolean =
  spawnSync("unshare", ["--mount", "sh", "-c", "mount -t tmpfs none /mnt && exec strace -V"], { stdio: "ignore" })
    .status === 0;

/** What `verify` says of the units, with a Node where theirs will be; empty if nothing is wrong. */
export function verifyUnits(folder: string): string {
  mkdirSync(folder);
  const units = readdirSync(UNITS).filter((name) => name.endsWith(".service"));
  for (const name of units) {
    const text = readFileSync(join(UNITS, name), "utf8").replaceAll(INSTALLED_NODE, process.execPath);
    writeFileSync(join(folder, name), text);
  }
  const paths = units.map((name) => join(folder, name.replace("@.", "@telegram.")));
  writeFileSync(join(folder, "countersign-bot@telegram.service"), readFileSync(join(folder, "countersign-bot@.service")));
  const { stdout, stderr, status } = spawnSync("systemd-analyze", ["verify", ...paths], { encoding: "utf8" });
  return status === 0 ? `${stdout}${stderr}` : `exit ${status}: ${stdout}${stderr}`;
}

/** The exposure figure of a unit: 0 nothing, 10 everything. */
export function exposureOf(unit: string): number {
  const said = spawnSync("systemd-analyze", ["security", "--offline=yes", join(UNITS, unit)], { encoding: "utf8" });
  const [, figure = "10"] = /Overall exposure level for \S+: ([\d.]+)/.exec(said.stdout) ?? [];
  return Number(figure);
}

/** Every value that a unit gives a setting, in order. */
export function settingsOf(unit: string, name: string): string[] {
  const lines = readFileSync(join(UNITS, unit), "utf8").replaceAll("\\\n", " ").split("\n");
  return lines.filter((line) => line.startsWith(`${name}=`)).map((line) => line.slice(name.length + 1));
}

/** The system calls that a unit's SystemCallFilter lets through. */
export function allowedCalls(unit: string): ReadonlySet<string> {
  const allowed = new Set<string>();
  for (const filter of settingsOf(unit, "SystemCallFilter")) {
    const isDenied = filter.startsWith("~");
    for (const call of filter.replace("~", "").split(" ").flatMap(callsOf)) {
      if (isDenied) allowed.delete(call);
      else allowed.add(call);
    }
  }
  return allowed;
}

function callsOf(name: string): string[] {
  if (!name.startsWith("@")) return [name];
  const told = execFileSync("systemd-analyze", ["syscall-filter", name], { encoding: "utf8" });
  const lines = told.split("\n").slice(1).map((line) => line.trim());
  return lines.filter((line) => line !== "" && !line.startsWith("#")).flatMap(callsOf);
}

/**
 * Everything read-only but `writable`, no capability and none to be had, and EPERM for each system call that the unit does
 * not let through. `log` gets those that were refused.
 */
export function restricted(way: Launch, unit: string, writable: readonly string[], log: string): Launch {
  const calls = [...allowedCalls(unit)].map((call) => `?${call}`).join(",");
  const binds = writable.map((path) => `mount --bind '${path}' '${path}'`).join(" && ");
  const script = `${binds} && mount -o remount,bind,ro / && exec "$@"`;
  return {
    ...way,
    program: "unshare",
    args: [
      ...["--mount", "sh", "-c", script, "sh", "setpriv", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"],
      ...["strace", "-D", "-f", "-qq", "--seccomp-bpf", "-o", log, "-e", `trace=!${calls}`],
      ...["-e", `inject=!${calls}:error=EPERM`, way.program, ...way.args],
    ],
  };
}
