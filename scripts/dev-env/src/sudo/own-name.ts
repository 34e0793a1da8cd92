// What tests leave in the system itself: below /etc, and as accounts. A run that was killed cannot clear up after itself,
// so every name says which process made it, and the next run clears up after those that are gone.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Where a test puts a file of its own name. */
const FOLDERS = ["/etc/pam.d", "/etc/sudoers.d", "/etc/countersign/exec.d"] as const;
const OWN = /^cs-test-(\d+)-(\d+)-[0-9a-f]{4}(?:\.json)?$/;

/** A name that nobody else has, for a file below /etc or an account: 32 characters at most. */
export function ownName(): string {
  return `cs-test-${process.pid}-${bornAt(process.pid) ?? "0"}-${randomBytes(2).toString("hex")}`;
}

/** Takes an account away, with what it left at home. */
export function removeAccount(name: string, home: string): void {
  spawnSync("userdel", ["--force", "--remove", name]);
  rmSync(home, { recursive: true, force: true });
}

/** Takes away what processes left behind that are gone; what belongs to one that runs stays. Resolves with the names. */
export function clearLeftovers(): string[] {
  const cleared: string[] = [];
  for (const folder of FOLDERS) {
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      if (!isLeftover(name)) continue;
      rmSync(join(folder, name), { force: true });
      cleared.push(name);
    }
  }
  for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
    const [name = "", , , , , home = ""] = line.split(":");
    if (!isLeftover(name) || home !== `/var/tmp/${name}`) continue;
    removeAccount(name, home);
    cleared.push(name);
  }
  return cleared;
}

function isLeftover(name: string): boolean {
  const [, pid, born] = OWN.exec(name) ?? [];
  return pid !== undefined && born !== undefined && bornAt(Number(pid)) !== born;
}

/** When a process began, in ticks since the machine did; a number is given to another process some day. */
function bornAt(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the program, in parentheses, may hold anything; behind it the start is the 20th field.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
