// scripts/dev, and the user who sits at its key and phone: he confirms whatever he is asked.
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { startChild } from "@countersign/testing/child";
import type { Place } from "./shell-folder.ts";

/** A running one. */
export interface DevInstallation {
  /** What a shell beside it has in its environment. */
  readonly env: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

/** Starts it from the folder of a shell. Rejects with what it wrote when it does not come up. */
export async function startDevInstallation({ folder, env }: Place): Promise<DevInstallation> {
  const dev = spawn(join(folder, "scripts/dev"), ["--json"], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  const gone = new Promise<void>((resolve) => dev.once("close", () => resolve()));
  const end = async (): Promise<void> => {
    dev.kill("SIGTERM");
    await gone;
  };
  try {
    const ready = await readyLine(dev, gone);
    const user = await startChild("scripts/dev-env/src/person/person-main.ts", [], {}, userAt(ready));
    const { config } = ready;
    return {
      env: { ...env, COUNTERSIGN_CONFIG: config },
      stop: async () => {
        await user.stop();
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** What he has: a key, a phone, a PIN. */
function userAt({ key = "", phone = "", pinFile = "" }: Readonly<Record<string, string>>): string {
  const at = (url: string): string => url.replace(/\/$/, "");
  const pin = readFileSync(pinFile, "utf8").trim();
  return JSON.stringify({ meant: "", pin, temper: "careless", key: at(key), phone: at(phone) });
}

function readyLine(dev: ChildProcess, gone: Promise<void>): Promise<Record<string, string>> {
  if (dev.stdout === null || dev.stderr === null) throw new Error("scripts/dev has no output");
  let errors = "";
  dev.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const lines = createInterface({ input: dev.stdout });
  return new Promise((resolve, reject) => {
    lines.once("line", (line) => resolve(JSON.parse(line) as Record<string, string>));
    void gone.then(() => reject(new Error(`scripts/dev ended before it was ready:\n${errors}`)));
  });
}
