import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Starts scripts/vm/foreign-key: a FIDO2 key on uhid with nothing of ours in it. Resolves once the kernel has it. */
export function startForeignKey(): Promise<ChildProcess> {
  const child = spawn("/usr/bin/foreign-key", [], { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the foreign key ended with ${code}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line === "ready") resolve(child);
    });
  });
}
