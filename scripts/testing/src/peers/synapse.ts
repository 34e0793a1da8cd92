import { spawn, type ChildProcess } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { ROOT } from "../child.ts";
import { freePort } from "../free-port.ts";
import { REGISTRATION_SECRET, SERVER_NAME, writeSynapseConfig, type SynapseOptions } from "./synapse-config.ts";

const PYTHON = join(ROOT, ".peers/synapse/bin/python");
const START_MS = 240_000;
const LOOK_MS = 50;

/** Whether `scripts/install-peers synapse` has run. */
export const synapsePresent: boolean = existsSync(PYTHON);

/** A real homeserver on a free port of loopback, its data in a folder of its own. */
export interface Synapse {
  /** `http://127.0.0.1:port`, the same over restarts. */
  readonly url: string;
  readonly serverName: string;
  /** Its SQLite file, which is the witness of what it was given. Open it read-only. */
  readonly database: string;
  /** Makes an account. Resolves with its id, `@user:localhost`. */
  register(user: string, password: string): Promise<string>;
  /** Ends it; nothing listens on the port any more. Its data stay until `stop`. */
  pause(): Promise<void>;
  /** Starts it again on the same port with the same data. */
  resume(): Promise<void>;
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** Starts Synapse and resolves once it answers (1.5 to 4 s: once for a test file). */
export async function startSynapse(options: SynapseOptions = {}): Promise<Synapse> {
  const folder = mkdtempSync(join(tmpdir(), "countersign-synapse-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const config = writeSynapseConfig(folder, port, options);
  let running: ChildProcess | undefined = await launch(folder, config, url);
  const pause = async (): Promise<void> => {
    const child = running;
    running = undefined;
    if (child !== undefined) await end(child);
  };
  const resume = async (): Promise<void> => {
    running ??= await launch(folder, config, url);
  };
  return {
    url,
    serverName: SERVER_NAME,
    database: join(folder, "homeserver.db"),
    register: async (user, password) => register(url, user, password),
    pause,
    resume,
    restart: async () => {
      await pause();
      await resume();
    },
    stop: async () => {
      await pause();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function launch(folder: string, config: string, url: string): Promise<ChildProcess> {
  const args = ["-m", "synapse.app.homeserver", "--config-path", config];
  const child = spawn(PYTHON, args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  child.once("error", (error) => (complaints += error.message));
  const until = Date.now() + START_MS;
  while (!(await answers(url))) {
    const gone = child.exitCode !== null || child.signalCode !== null;
    if (gone || Date.now() > until) {
      await end(child);
      throw new Error(`Synapse did not start:\n${complaints}${readLog(folder)}`);
    }
    await wait(LOOK_MS);
  }
  return child;
}

async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/_matrix/client/versions`);
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

function readLog(folder: string): string {
  const path = join(folder, "synapse.log");
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

// Nothing in its folder outlives the test, so there is nothing to end gracefully for: SIGTERM takes it a second longer.
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}

async function register(url: string, user: string, password: string): Promise<string> {
  const path = `${url}/_synapse/admin/v1/register`;
  const { nonce } = (await (await fetch(path)).json()) as { nonce: string };
  const mac = createHmac("sha1", REGISTRATION_SECRET).update(`${nonce}\0${user}\0${password}\0notadmin`).digest("hex");
  const body = JSON.stringify({ nonce, username: user, password, admin: false, mac });
  const answer = await fetch(path, { method: "POST", body, headers: { "content-type": "application/json" } });
  const { user_id: userId } = (await answer.json()) as { user_id?: string };
  if (userId === undefined) throw new Error(`Synapse refused to register ${user}: ${answer.status}`);
  return userId;
}
