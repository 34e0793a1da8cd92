import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { freePort } from "@countersign/testing/child";
import type { LoginHost } from "./login-host.ts";
import { ownName, removeAccount } from "./own-name.ts";

/** Root alone writes below /etc/pam.d, and only root's sshd asks PAM. */
export const isRoot: boolean = process.getuid?.() === 0;

/** Whether a program of the system is there. */
export function has(path: string): boolean {
  return existsSync(path);
}

/** A service of the test's own in /etc/pam.d, with the stack of examples/sudo/etc/pam.d. */
export function addPamService(host: LoginHost): { readonly name: string; remove(): void } {
  const name = ownName();
  const stack = [
    `auth sufficient pam_exec.so seteuid stdout ${host.command("confirm")}`,
    `auth requisite pam_exec.so seteuid stdout expose_authtok ${host.command("break-glass")}`,
    "auth required pam_permit.so",
    "account required pam_permit.so",
    "session required pam_permit.so",
  ];
  const path = `/etc/pam.d/${name}`;
  writeFileSync(path, `${stack.join("\n")}\n`, { mode: 0o644 });
  return { name, remove: () => rmSync(path, { force: true }) };
}

/** An account without password. */
export function addAccount(): { readonly name: string; readonly home: string; remove(): void } {
  const name = ownName();
  const home = `/var/tmp/${name}`;
  const made = spawnSync("useradd", ["--create-home", "--home-dir", home, "--shell", "/bin/sh", name]);
  if (made.status !== 0) throw new Error(`useradd ${name}: ${made.stderr.toString()}`);
  return {
    name,
    home,
    remove: () => removeAccount(name, home),
  };
}

/** Rules of sudo, in a file of their own. */
export function addSudoRules(rules: readonly string[]): { remove(): void } {
  const path = `/etc/sudoers.d/${ownName()}`;
  writeFileSync(path, `${rules.join("\n")}\n`, { mode: 0o440 });
  return { remove: () => rmSync(path, { force: true }) };
}

/** What `countersign-run` reads for an account. */
export function addRunSettings(
  account: string,
  settings: Readonly<Record<string, unknown>>,
): { readonly path: string; remove(): void } {
  const path = `/etc/countersign/exec.d/${account}.json`;
  // The folder stays: tests beside this one may have put a file of theirs there.
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  writeFileSync(path, JSON.stringify(settings), { mode: 0o600 });
  return { path, remove: () => rmSync(path, { force: true }) };
}

/** How a program on a terminal ended. */
export interface TypedEnd {
  readonly exitCode: number;
  readonly output: string;
}

/** A program at whose prompts is typed what it asks for. */
export interface Typed {
  readonly ended: Promise<TypedEnd>;
  /** Everything that was shown, once a line of it fits. */
  shows(line: RegExp): Promise<RegExpExecArray>;
  type(text: string): void;
  interrupt(): void;
  /** The terminal is gone. */
  end(signal: NodeJS.Signals): void;
}

/** Starts words, byte by byte as they are, for an account in its home. */
export function asAccount(
  { name, home }: { readonly name: string; readonly home: string },
  words: readonly string[],
): Typed {
  const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  return onTerminal(`setpriv --reuid=${name} --regid=${name} --init-groups ${quoted.join(" ")}`, home);
}

/** The last that was shown is a question for a password, by PAM, ssh or sudo. */
const AT_PROMPT = /(?:password for \S+|Password): $/;

/** Starts a program on a terminal of its own. `script` gives it one. */
export function onTerminal(command: string, cwd: string): Typed {
  const program = spawn("script", ["--quiet", "--return", "--flush", "--command", command, "/dev/null"], { cwd });
  let output = "";
  let wake = Promise.withResolvers<void>();
  let gone = false;
  const take = (text: string): void => {
    output += text;
    wake.resolve();
    wake = Promise.withResolvers<void>();
  };
  for (const stream of [program.stdout, program.stderr]) stream.setEncoding("utf8").on("data", take);
  program.stdin.on("error", () => {});
  const ended = new Promise<TypedEnd>((resolve, reject) => {
    program.once("error", reject);
    program.once("close", (code) => {
      gone = true;
      wake.resolve();
      resolve({ exitCode: code ?? 1, output });
    });
  });
  return {
    ended,
    type: (text) => void program.stdin.write(text),
    // sudo and ssh only note a Ctrl-C that comes before they read: a line makes them look.
    interrupt: () => void program.stdin.write("\u0003\r"),
    end: (signal) => void program.kill(signal),
    shows: async (line) => {
      for (;;) {
        const found = line.exec(output);
        if (found !== null) return found;
        if (gone) throw new Error(`it ended without showing ${String(line)}:\n${output}`);
        if (AT_PROMPT.test(output))
          throw new Error(`it asks for a password without having shown ${String(line)}:\n${output}`);
        await wake.promise;
      }
    },
  };
}

/** A real sshd on a free port of loopback: own host key, own configuration, PAM as its only way in. */
export async function startSshd(
  folder: string,
  pamService: string,
): Promise<{ readonly port: number; readonly pid: number; readonly output: () => string; stop(): Promise<void> }> {
  const port = await freePort();
  const hostKey = join(folder, "host_key");
  const made = spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", hostKey]);
  if (made.status !== 0) throw new Error(`ssh-keygen: ${made.stderr.toString()}`);
  // Debian's sshd asks the service that bears its program's name.
  const program = join(folder, pamService);
  if (!existsSync(program)) spawnSync("cp", ["/usr/sbin/sshd", program]);
  if (!existsSync("/run/sshd")) mkdirSync("/run/sshd", { mode: 0o755 });
  const config = join(folder, "sshd_config");
  writeFileSync(
    config,
    [
      ...[`Port ${port}`, "ListenAddress 127.0.0.1", `HostKey ${hostKey}`, "PidFile none", "UsePAM yes"],
      ...["PasswordAuthentication no", "PubkeyAuthentication no", "KbdInteractiveAuthentication yes"],
      ...["AuthenticationMethods keyboard-interactive:pam", "LoginGraceTime 180", "MaxAuthTries 1", "UseDNS no"],
      ...["PrintMotd no", "PrintLastLog no"],
    ].join("\n"),
  );
  // A run that is killed cannot end it: the kernel does, when its parent is gone.
  const args = ["--pdeathsig", "TERM", "--", program, "-D", "-e", "-f", config];
  const sshd = spawn("/usr/bin/setpriv", args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  sshd.stdout.on("data", (text: Buffer) => (output += text.toString()));
  const gone = new Promise<void>((resolve) => sshd.once("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    sshd.stderr.on("data", (text: Buffer) => {
      output += text.toString();
      if (output.includes("Server listening")) resolve();
    });
    void gone.then(() => reject(new Error(`sshd ended:\n${output}`)));
  });
  return {
    port,
    pid: sshd.pid ?? 0,
    output: () => output,
    stop: async () => {
      sshd.kill("SIGTERM");
      await gone;
    },
  };
}
