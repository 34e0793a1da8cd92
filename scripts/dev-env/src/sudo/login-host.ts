import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { ROOT } from "@countersign/testing/child";
import type { Installation } from "../installation.ts";

/** The program that pam_exec starts. */
export const COUNTERSIGN_PAM: string = join(ROOT, "examples/sudo/countersign-pam");

/** How one start of the program ended. */
export interface PamEnd {
  readonly exitCode: number;
  /** What pam_exec would show at the terminal. */
  readonly output: string;
}

/** One start of the program, seen from the terminal. */
export interface PamRun {
  readonly ended: Promise<PamEnd>;
  /** Everything that has been shown, once a line of it fits. */
  shows(line: RegExp): Promise<RegExpExecArray>;
  interrupt(): void;
  /** Whoever wanted in is gone: his connection broke, or he was killed. */
  end(signal: NodeJS.Signals): void;
}

/** What may be other than usual in the host's configuration. */
export type HostSettings = Readonly<Record<string, unknown>>;

/** A host that people log in to: configuration and logs of its own, below the installation's folder. */
export class LoginHost {
  readonly folder: string;
  readonly config: string;
  readonly tokens: string;
  readonly uses: string;
  readonly syslog: string;
  readonly #settings: HostSettings;
  readonly #server: Server;
  #logged = "";

  private constructor(folder: string, settings: HostSettings, server: Server) {
    this.folder = folder;
    this.config = join(folder, "pam.json");
    this.tokens = join(folder, "break-glass.d");
    this.uses = join(folder, "break-glass.log");
    this.syslog = join(folder, "log");
    this.#settings = settings;
    this.#server = server;
  }

  /** `settings` say what differs: users, key, core. */
  static async open(installation: Installation, settings: HostSettings): Promise<LoginHost> {
    const folder = mkdtempSync(join(installation.folder, "host-"));
    const server = createServer();
    const host = new LoginHost(
      folder,
      {
        core: installation.coreAddress,
        serverId: installation.serverId,
        coreKeys: [installation.corePublicKey],
        submitToken: installation.submitTokenFile,
        executeToken: installation.executeTokenFile,
        host: "web-1.example",
        ...settings,
      },
      server,
    );
    host.configure({});
    server.on("connection", (socket) => {
      socket.setEncoding("utf8").on("data", (text: string) => (host.#logged += text));
    });
    await new Promise<void>((resolve) => server.listen(host.syslog, resolve));
    mkdirSync(host.tokens, { mode: 0o700 });
    return host;
  }

  /** Writes the configuration anew. */
  configure(settings: HostSettings): void {
    writeFileSync(this.config, JSON.stringify({ ...this.#settings, ...settings }), { mode: 0o644 });
  }

  /** What syslog was told so far. */
  logged(): string {
    return this.#logged;
  }

  /** Uses of break-glass that the host's file holds. */
  used(): readonly Record<string, unknown>[] {
    if (!existsSync(this.uses)) return [];
    const lines = readFileSync(this.uses, "utf8").split("\n").filter(Boolean);
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** The command of a line in /etc/pam.d. */
  command(name: "confirm" | "break-glass"): string {
    const files = name === "confirm" ? `--config ${this.config}` : `--tokens ${this.tokens}`;
    return `${COUNTERSIGN_PAM} ${name} ${files} --uses ${this.uses} --syslog ${this.syslog}`;
  }

  /** Starts the program as pam_exec does: no PATH, what PAM says, the typed text on standard input. */
  start(name: "confirm" | "break-glass", pam: Readonly<Record<string, string>>, typed = ""): PamRun {
    return this.startWith(this.command(name).split(" ").slice(1), pam, typed);
  }

  /** The same with arguments of the caller's. */
  startWith(args: readonly string[], pam: Readonly<Record<string, string>>, typed: string): PamRun {
    return startPam(COUNTERSIGN_PAM, args, { PAM_TYPE: "auth", ...pam }, typed);
  }

  /** Tokens for break-glass, as an administrator makes them. */
  async newTokens(count: number): Promise<string[]> {
    const made = startPam(COUNTERSIGN_PAM, ["new-tokens", String(count), "--tokens", this.tokens], {}, "");
    const { output } = await made.ended;
    return output.split("\n").filter((line) => /^[0-9a-f-]{39}$/.test(line));
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function startPam(file: string, args: readonly string[], env: NodeJS.ProcessEnv, typed: string): PamRun {
  const program = spawn(file, args, { env, cwd: "/", stdio: ["pipe", "pipe", "pipe"] });
  program.stdin.on("error", () => {}).end(typed);
  let output = "";
  let wake = Promise.withResolvers<void>();
  let gone = false;
  const take = (text: string): void => {
    output += text;
    wake.resolve();
    wake = Promise.withResolvers<void>();
  };
  program.stdout.setEncoding("utf8").on("data", take);
  program.stderr.setEncoding("utf8").on("data", take);
  const ended = new Promise<PamEnd>((resolve, reject) => {
    program.once("error", reject);
    program.once("close", (code) => {
      gone = true;
      wake.resolve();
      resolve({ exitCode: code ?? 1, output });
    });
  });
  return {
    ended,
    interrupt: () => void program.kill("SIGINT"),
    end: (signal) => void program.kill(signal),
    shows: async (line) => {
      for (;;) {
        const found = line.exec(output);
        if (found !== null) return found;
        if (gone) throw new Error(`it ended without showing ${String(line)}:\n${output}`);
        await wake.promise;
      }
    },
  };
}
