// PAM itself: pamtester, a real sshd on loopback, a real sudo. The stack is that of examples/sudo/etc/pam.d.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { FROM_SOURCE, ROOT } from "@countersign/testing/child";
import { Scene, type Somebody } from "../scenarios/scene.ts";
import { LoginHost } from "./login-host.ts";
import { clearLeftovers } from "./own-name.ts";
import { attended, nodded } from "./owner.ts";
import {
  addAccount,
  addPamService,
  addSudoRules,
  asAccount,
  has,
  isRoot,
  onTerminal,
  startSshd,
  type Typed,
} from "./peers.ts";

const pamTest = testWith("pamtester", isRoot && has("/usr/bin/pamtester"));
const sshTest = testWith("sshd", isRoot && has("/usr/sbin/sshd") && has("/usr/bin/script"));
const sudoTest = testWith("sudo", isRoot && has("/usr/bin/sudo") && has("/usr/bin/script"));

const folder = tempFolder();
let scene: Scene;
let host: LoginHost;
let account: ReturnType<typeof addAccount>;
let service: ReturnType<typeof addPamService>;
const leave: (() => unknown)[] = [];

beforeAll(async () => {
  if (!isRoot) return;
  clearLeftovers();
  scene = await Scene.open({ folder, mode: "B" });
  await scene.stopBank();
  host = await LoginHost.open(scene.installation, { users: {} });
  account = addAccount();
  service = addPamService(host);
}, 400_000);
afterEach(async () => {
  for (const one of leave.splice(0).toReversed()) await one();
});
afterAll(async () => {
  service?.remove();
  account?.remove();
  await host?.close();
  await scene?.close();
});

/** Another owner for each test, whose key is plugged in at the host. */
async function owner(more: Record<string, unknown> = {}): Promise<Somebody> {
  const somebody = await scene.user();
  const { desk } = somebody;
  const key = desk.daemonSocket.replace("unix:", "");
  host.configure({ key, users: { [account.name]: desk.userId }, grantServices: [service.name], ...more });
  return somebody;
}

/** On a terminal, where it writes what PAM says at once. */
const knock = (): Typed => onTerminal(`pamtester ${service.name} ${account.name} authenticate`, folder);

/** Somebody logs in as the account. */
function ssh(port: number): Typed {
  const options = ["-p", String(port), "-F", "none", "-o", "StrictHostKeyChecking=no"];
  options.push("-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "NumberOfPasswordPrompts=1");
  return onTerminal(`ssh ${options.join(" ")} ${account.name}@127.0.0.1 echo inside`, folder);
}

const grantTo = (terminal: string): string =>
  [`Role: ${service.name}: any command`, "Host: web-1.example", `User: ${account.name}`, "Address: at this host"]
    .concat(terminal === "" ? [] : [`Detail 1: Terminal ${terminal}`])
    .join("\n");

pamTest(
  "pamtester: who confirms is let in; the message reaches the terminal through PAM",
  async () => {
    const { desk } = await owner();
    const end = await attended(knock, desk, { meant: grantTo("") });
    expect(end).toEqual({ exitCode: 0, output: expect.stringContaining("successfully authenticated") as unknown });
    expect(end.output).toContain("Look at your KEY, then your PHONE");
  },
  400_000,
);

pamTest(
  "pamtester: no core, no phone in time, a wrong configuration: refused, and break-glass is offered",
  async () => {
    await owner({ core: "127.0.0.1:9" });
    for (const words of ["do not answer", "No confirmation in time", "set up wrongly"]) {
      if (words.startsWith("No")) await owner({ waitSeconds: 10 });
      if (words.startsWith("set")) chmodSync(host.config, 0o666);
      const run = knock();
      await run.shows(/Password: /);
      run.type("\r");
      const end = await run.ended;
      expect(end.output).toContain(words);
      expect(end.exitCode).not.toBe(0);
    }
    chmodSync(host.config, 0o644);
  },
  400_000,
);

pamTest(
  "pamtester: a break-glass token lets in once, and is in syslog and in the file",
  async () => {
    await owner({ core: "127.0.0.1:9" });
    const [token = ""] = await host.newTokens(1);
    for (const isFirst of [true, false]) {
      const run = knock();
      await run.shows(/Password: /);
      run.type(`${token}\r`);
      const end = await run.ended;
      expect({ letIn: end.exitCode === 0, output: end.output }).toEqual({
        letIn: isFirst,
        output: expect.stringContaining(isFirst ? "WARNING: let in by break-glass" : "used before") as unknown,
      });
    }
    expect(host.used()).toEqual([expect.objectContaining({ user: account.name, service: service.name })]);
    expect(host.logged()).toContain(`BREAK-GLASS USED, ${account.name} through ${service.name}`);
  },
  400_000,
);

sshTest(
  "sshd: a login by keyboard-interactive, confirmed on the key; who is not confirmed stays outside",
  async () => {
    const server = await startSshd(folder, service.name);
    leave.push(() => server.stop());
    const { desk } = await owner({ grantServices: [] });
    // sshd shows what PAM says with its next prompt, so the owner reads the reference on key and phone alone.
    const end = await nodded(() => ssh(server.port), desk);
    expect({ ...end, log: server.output() }).toMatchObject({
      exitCode: 0,
      output: expect.stringContaining("inside") as unknown,
    });
    expect(host.logged()).toMatch(
      new RegExp(`${account.name} through ${service.name} at ssh from 127.0.0.1: confirmed`),
    );

    await owner({ core: "127.0.0.1:9" });
    const outside = ssh(server.port);
    await outside.shows(/do not answer[^]*Password: /);
    outside.type("\r");
    const refused = await outside.ended;
    expect(refused.output).not.toContain("inside");
    expect(refused.exitCode).not.toBe(0);
  },
  400_000,
);

sshTest(
  "sshd ends with the run that started it, also where that is killed",
  async () => {
    const start = [
      `const { startSshd } = await import(${JSON.stringify(join(ROOT, "scripts/dev-env/src/sudo/peers.ts"))});`,
      `console.log((await startSshd(${JSON.stringify(mkdtempSync(join(folder, "killed-")))}, "sshd")).pid);`,
    ];
    const args = [...FROM_SOURCE, "--input-type=module", "--eval", start.join("\n")];
    const run = spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(createInterface({ input: run.stdout }), "line")) as [string];
    expect(existsSync(`/proc/${line}`)).toBe(true);
    run.kill("SIGKILL");
    // Ends when that process does.
    await promisify(execFile)("tail", [`--pid=${line}`, "--follow", "/dev/null"]);
    expect(existsSync(`/proc/${line}`)).toBe(false);
  },
  60_000,
);

sudoTest(
  "sudo: asks before every command; who is not confirmed runs nothing",
  async () => {
    const rules = addSudoRules([
      `Defaults:${account.name} pam_service=${service.name}, timestamp_timeout=0, passwd_tries=1, !lecture`,
      `${account.name} ALL=(root) /usr/bin/id`,
    ]);
    leave.push(() => rules.remove());
    const { desk } = await owner();
    const sudo = (): Typed => asAccount(account, ["sudo", "/usr/bin/id", "-un"]);
    const end = await nodded(sudo, desk);
    expect(end).toEqual({ exitCode: 0, output: expect.stringMatching(/Confirmed\.\s[^]*root\s*$/) as unknown });
    expect(host.logged()).toMatch(new RegExp(`${account.name} through ${service.name} at /dev/pts/\\d+: confirmed`));

    await owner({ users: {} });
    const outside = sudo();
    await outside.shows(/Nobody can confirm[^]*password for/);
    outside.interrupt();
    const refused = await outside.ended;
    expect(refused.output).not.toMatch(/^root/m);
    expect(refused.exitCode).not.toBe(0);
  },
  400_000,
);

sudoTest(
  "sudo: after Ctrl-C nothing runs, also where the owner confirms all the same",
  async () => {
    const rules = addSudoRules([
      `Defaults:${account.name} pam_service=${service.name}, timestamp_timeout=0, passwd_tries=1, !lecture`,
      `${account.name} ALL=(root) /usr/bin/id`,
    ]);
    leave.push(() => rules.remove());
    const { hands } = await owner();
    const run = asAccount(account, ["sudo", "/usr/bin/id", "-un"]);
    await hands.isAsked();
    run.interrupt();
    await hands.confirm();
    const end = await run.ended;
    expect(end).toEqual({ exitCode: 130, output: expect.stringContaining("Confirmed.") as unknown });
    expect(end.output).not.toMatch(/^root/m);
  },
  400_000,
);
