// One person's PC: a key with display and keypad, its daemon, a shell with `countersign`; and the phone beside it.
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FROM_SOURCE, ROOT, startChild, type Child } from "@countersign/testing/child";
import { KeyInHand, readPage, type Screen } from "../person/key-in-hand.ts";
import { PhoneInHand } from "../person/phone-in-hand.ts";
import { readMessage } from "../person/read-message.ts";
import { newSerial } from "../desk.ts";

const PIN = "271828";

/** How a shell ended, and what stood in it. */
export interface Shell {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `countersign` as people find it: in a folder of the path. */
export function putCommand(folder: string): string {
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  const words = [process.execPath, ...FROM_SOURCE, join(ROOT, "clients/cli/src/main.ts")];
  const path = join(bin, "countersign");
  writeFileSync(path, `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(" ")} "$@"\n`);
  chmodSync(path, 0o755);
  return bin;
}

export class AdminDesk {
  readonly folder: string;
  /** Everything that stood in his shells. */
  shown = "";
  /** Rows that his key showed while it made a credential. */
  fingerprint = "";
  /** Values of every line that his key showed for a signature, in order. */
  readonly read: string[] = [];
  readonly #env: NodeJS.ProcessEnv;
  readonly #key: KeyInHand;
  readonly #phone: PhoneInHand;
  readonly #children: readonly Child[];
  readonly #used = new Set<string>();

  private constructor(folder: string, env: NodeJS.ProcessEnv, children: readonly Child[], hands: Hands) {
    this.folder = folder;
    this.#env = env;
    this.#children = children;
    this.#key = new KeyInHand(hands.keyUrl);
    this.#phone = new PhoneInHand(hands.phoneUrl);
  }

  /** `runtime`: a folder of his own whose path is short enough for sockets. */
  static async open(
    folder: string,
    {
      runtime,
      phoneUrl,
      env,
    }: { readonly runtime: string; readonly phoneUrl: string; readonly env: NodeJS.ProcessEnv },
  ): Promise<AdminDesk> {
    const sockets = join(runtime, "countersign");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    mkdirSync(sockets, { recursive: true, mode: 0o700 });
    const bus = join(runtime, "key.sock");
    const key = await startChild("device-daemon/emulator/src/main.ts", [
      ...["--socket", bus, "--control", "0", "--store", join(folder, "key")],
      ...["--profile", "full", "--serial", newSerial()],
    ]);
    const children = [key];
    try {
      const daemonSocket = join(sockets, "daemon.sock");
      const flags = ["--socket", daemonSocket, "--key-socket", bus, "--key-patience", "30"];
      children.push(await startChild("device-daemon/daemon/src/main.ts", flags));
    } catch (error) {
      await key.stop();
      throw error;
    }
    const own = { HOME: folder, XDG_CONFIG_HOME: join(folder, "config"), XDG_RUNTIME_DIR: runtime };
    const hands = { keyUrl: String(key.ready["control"]), phoneUrl };
    return new AdminDesk(folder, { ...env, ...own }, children, hands);
  }

  get pids(): number[] {
    return this.#children.map((child) => child.process.pid ?? 0);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.stop()));
  }

  /** Runs the commands while he sits at key and phone: reads, types PIN and code, and answers what the shell asks. */
  async shell(commands: string, env: NodeJS.ProcessEnv = {}): Promise<Shell> {
    const leaving = new AbortController();
    const sitting = this.#sit(leaving.signal).catch((error: unknown) => {
      if (!leaving.signal.aborted) throw error;
    });
    try {
      return await Promise.race([this.#run(commands, env), sitting.then(() => left())]);
    } finally {
      leaving.abort();
      await sitting;
    }
  }

  #run(commands: string, env: NodeJS.ProcessEnv): Promise<Shell> {
    const child = spawn("bash", ["--norc", "-eu", "-o", "pipefail", "-c", commands], {
      cwd: this.folder,
      env: { ...this.#env, ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    child.stdin.on("error", () => {});
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      this.#answer(stderr, child.stdin);
    });
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        this.shown += stdout + stderr;
        resolve({ code: code ?? 1, stdout, stderr });
      });
    });
  }

  /** What the shell asks him: the fingerprint that he wrote down; a token for the bot, from his own phone. */
  #answer(shown: string, stdin: NodeJS.WritableStream): void {
    if (shown.includes("Fingerprint, as your KEY's display showed it: ") && !this.#used.has("fingerprint")) {
      this.#used.add("fingerprint");
      stdin.write(`${this.fingerprint}\n`);
    }
    const [, token = ""] = /(?:\/start |[?&]start=)([\w-]+)\s/.exec(shown) ?? [];
    if (token === "" || this.#used.has(token)) return;
    this.#used.add(token);
    void this.#phone.send(`/start ${token}`);
  }

  async #sit(signal: AbortSignal): Promise<void> {
    let tag = "";
    for (let version: number | undefined; !signal.aborted;) {
      const screen = await this.#key.look(version, signal);
      if (screen.version === version) continue;
      version = screen.version;
      if (screen.page === "pages") tag = await this.#readOn(screen);
      else await this.#act(screen, tag, signal);
    }
  }

  async #readOn({ rows }: Screen): Promise<string> {
    const page = readPage(rows);
    this.read.push(page.value);
    await this.#key.press(page.turn);
    return page.tag;
  }

  async #act({ page, rows }: Screen, tag: string, signal: AbortSignal): Promise<void> {
    const key = this.#key;
    switch (page) {
      case "new-pin":
      case "repeat-pin":
      case "pin":
        return key.type(PIN);
      case "code":
        return key.type(await this.#codeFor(tag, signal));
      case "fingerprint":
        this.fingerprint = (/[0-9A-F]{4}(?:[ -]?[0-9A-F]{4}){3}/i.exec(rows.join(" ").replaceAll(/\s+/g, " ")) ?? [
          "",
        ])[0];
        return key.press("ok");
      case "enrol":
      case "link-warning":
      case "signed":
        return key.press("ok");
    }
  }

  async #codeFor(tag: string, signal: AbortSignal): Promise<string> {
    for (let version: number | undefined; ;) {
      const chat = await this.#phone.look(version, signal);
      version = chat.version;
      const prompts = chat.messages.flatMap((message) => readMessage(message) ?? []);
      const found = prompts.findLast((prompt) => prompt.tag === tag);
      if (found !== undefined) return found.code;
    }
  }
}

interface Hands {
  readonly keyUrl: string;
  readonly phoneUrl: string;
}

function left(): never {
  throw new Error("he left before the work was done");
}
