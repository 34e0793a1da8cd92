// PAM itself: pamtester, a real sshd on loopback, a real sudo. The stack is that of examples/sudo/etc/pam.d.
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { startChild } from "@countersign/testing/child";
import type { Desk } from "../desk.ts";
import { Scene } from "../scenarios/scene.ts";
import { LoginHost } from "./login-host.ts";
import { clearLeftovers } from "./own-name.ts";
import { attended } from "./owner.ts";
import { addAccount, addPamService, has, isRoot, onTerminal, startSshd, type Typed, type TypedEnd } from "./peers.ts";

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
async function owner(more: Record<string, unknown> = {}) {
  const { desk } = await scene.user();
  const key = desk.daemonSocket.replace("unix:", "");
  host.configure({ key, users: { [account.name]: desk.userId }, grantServices: [service.name], ...more });
  return desk;
}

/** On a terminal, where it writes what PAM says at once. */
const knock = (): Typed => onTerminal(`pamtester ${service.name} ${account.name} authenticate`, folder);

/** Somebody who confirms whatever he is shown sits at the key until the program has ended. */
async function confirmedBy(desk: Desk, run: Typed): Promise<TypedEnd> {
  const person = { meant: "", pin: desk.pin, temper: "careless", key: desk.keyUrl, phone: desk.phoneUrl };
  const seated = await startChild("scripts/dev-env/src/person/person-main.ts", [], {}, JSON.stringify(person));
  try {
    // Who was not confirmed is asked for a break-glass token, and would be waited for.
    const unconfirmed = run.shows(/password for|Password: /).then(() => run.interrupt());
    await Promise.any([run.ended, unconfirmed]);
    return await run.ended;
  } finally {
    await seated.stop();
  }
}

const grantTo = (terminal: string): string =>
  [`Role: ${service.name}: any command`, "Host: web-1.example", `User: ${account.name}`, "Address: at this host"]
    .concat(terminal === "" ? [] : [`Detail 1: Terminal ${terminal}`])
    .join("\n");

pamTest(
  "pamtester: who confirms is let in; the message reaches the terminal through PAM",
  async () => {
    const desk = await owner();
    const end = await attended(knock(), desk, { meant: grantTo("") });
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
    const ssh = (): Typed => {
      const options = ["-p", String(server.port), "-F", "none", "-o", "StrictHostKeyChecking=no"];
      options.push("-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "NumberOfPasswordPrompts=1");
      return onTerminal(`ssh ${options.join(" ")} ${account.name}@127.0.0.1 echo inside`, folder);
    };
    const desk = await owner({ grantServices: [] });
    const run = ssh();
    // sshd shows what PAM says with its next prompt, so the owner reads the reference on key and phone alone.
    const end = await confirmedBy(desk, run);
    expect({ ...end, log: server.output() }).toMatchObject({
      exitCode: 0,
      output: expect.stringContaining("inside") as unknown,
    });
    expect(host.logged()).toMatch(
      new RegExp(`${account.name} through ${service.name} at ssh from 127.0.0.1: confirmed`),
    );

    await owner({ core: "127.0.0.1:9" });
    const outside = ssh();
    await outside.shows(/do not answer[^]*Password: /);
    outside.type("\r");
    const refused = await outside.ended;
    expect(refused.output).not.toContain("inside");
    expect(refused.exitCode).not.toBe(0);
  },
  400_000,
);

sudoTest(
  "sudo: asks before every command; who is not confirmed runs nothing",
  async () => {
    const fragment = `/etc/sudoers.d/${service.name}`;
    const rules = [
      `Defaults:${account.name} pam_service=${service.name}, timestamp_timeout=0, !lecture`,
      `${account.name} ALL=(root) /usr/bin/id`,
    ];
    writeFileSync(fragment, `${rules.join("\n")}\n`, { mode: 0o440 });
    leave.push(() => rmSync(fragment, { force: true }));
    const asAccount = (command: string): Typed =>
      onTerminal(`setpriv --reuid=${account.name} --regid=${account.name} --init-groups ${command}`, account.home);
    const desk = await owner();
    const run = asAccount("sudo /usr/bin/id -un");
    const end = await confirmedBy(desk, run);
    expect(end).toEqual({ exitCode: 0, output: expect.stringMatching(/Confirmed\.\s[^]*root\s*$/) as unknown });
    expect(host.logged()).toMatch(new RegExp(`${account.name} through ${service.name} at /dev/pts/\\d+: confirmed`));

    await owner({ users: {} });
    const outside = asAccount("sudo /usr/bin/id -un");
    await outside.shows(/Nobody can confirm[^]*password for/);
    outside.interrupt();
    const refused = await outside.ended;
    expect(refused.output).not.toMatch(/^root/m);
    expect(refused.exitCode).not.toBe(0);
  },
  400_000,
);
