// The program that pam_exec starts, started as pam_exec starts it, against a real core, key, phone and daemon.
import { chmodSync, existsSync, mkdtempSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { Reason } from "../scenarios/hands.ts";
import { Scene, type Somebody } from "../scenarios/scene.ts";
import { LoginHost, type PamRun } from "./login-host.ts";
import { attended, SUDO } from "./owner.ts";

const folder = tempFolder();
let scene: Scene;
let host: LoginHost;

beforeAll(async () => {
  scene = await Scene.open({ folder, mode: "B" });
  // The bank claims whatever its tenant confirms; hosts have a tenant of their own.
  await scene.stopBank();
  host = await LoginHost.open(scene.installation, { key: scene.desk.daemonSocket.replace("unix:", ""), users: {} });
}, 400_000);
afterAll(async () => {
  await host?.close();
  await scene?.close();
});

/** Another owner of the account for each test, so that no limit of one reaches the next. */
async function owner(): Promise<Somebody> {
  const ada = await scene.user();
  host.configure({ users: { ada: ada.desk.userId } });
  return ada;
}

async function refusal(pam = SUDO): Promise<string> {
  const { exitCode, output } = await host.start("confirm", pam).ended;
  return exitCode === 0 ? `let in: ${output}` : output;
}

test("sudo shows role, host, user, address and terminal on key and phone, and lets in who confirms", async () => {
  const ada = await owner();
  const end = await attended(() => host.start("confirm", SUDO), ada.desk);
  expect(end).toEqual({ exitCode: 0, output: expect.stringContaining("Confirmed.") as unknown });
  const told = await ada.hands.phoneSays("Executed");
  expect(told.text).toContain("let in by web-1.example");
  expect(host.logged()).toMatch(/countersign-pam.*ada through sudo at \/dev\/pts\/3: confirmed, EXECUTED, .*receipt/);
}, 400_000);

test("a login shows from where, and lets nobody in who rejects", async () => {
  const ada = await owner();
  const login = { ...SUDO, PAM_SERVICE: "sshd", PAM_TTY: "ssh", PAM_RHOST: "203.0.113.7" };
  const meant =
    "Action: Log in through sshd\nHost: web-1.example\nUser: ada\nAddress: 198.51.100.1\nDetail 1: Terminal ssh";
  const end = await attended(() => host.start("confirm", login), ada.desk, { meant });
  expect(end.exitCode).not.toBe(0);
  expect(end.output).toContain("Stopped by you on the key");
  expect(host.logged()).toMatch(/ada through sshd at ssh from 203\.0\.113\.7: refused, REJECTED/);
}, 400_000);

test("ended while it asks it withdraws, and lets nobody in", async () => {
  const ada = await owner();
  const run = host.start("confirm", SUDO);
  await ada.hands.isAsked();
  run.interrupt();
  const end = await run.ended;
  expect({ ...end, exitCode: end.exitCode !== 0 }).toEqual({
    exitCode: true,
    output: expect.stringContaining("Withdrawn. Try again") as unknown,
  });
  await ada.hands.phoneSays("Withdrawn");
}, 400_000);

/** The terminal's words of one attempt, taken up by the owner at his own PC. */
async function takenUp<T>(run: PamRun, ada: Somebody, act: () => Promise<T>): Promise<T> {
  const [, tag = ""] = await run.shows(/countersign approve ([A-Z]+-[A-Z]+) /);
  const { ended } = ada.run("approve", tag);
  const done = await act().catch(async (cause: unknown) => {
    throw new Error(`approve ${tag}: ${(await ended).output}`, { cause });
  });
  await ended;
  return done;
}

describe("the key is at another desk", () => {
  test("of two attempts at once the one that he confirms there gets in, and the one that he rejects does not", async () => {
    const ada = await owner();
    host.configure({ users: { ada: ada.desk.userId }, key: "elsewhere" });
    const [mine, other] = [host.start("confirm", SUDO), host.start("confirm", { ...SUDO, PAM_TTY: "/dev/pts/9" })];
    await takenUp(other, ada, async () => {
      await ada.hands.keyShows("pages");
      await ada.hands.reject(Reason.WRONG_DATA);
    });
    const stayedOut = await other.ended;
    expect(stayedOut.output).toContain("Stopped by you on the key");
    expect(stayedOut.exitCode).not.toBe(0);
    const pages = await takenUp(mine, ada, () => ada.hands.confirm());
    const end = await mine.ended;
    expect(end).toEqual({ exitCode: 0, output: expect.stringContaining("Confirmed.") as unknown });
    const [reference = "none"] = /\d{4}-\d\d-\d\d [^\n]*/.exec(end.output) ?? [];
    const shown = pages
      .map(({ label, value }) => `${label}: ${value}`)
      .join(" ")
      .replaceAll(/\s/g, "");
    expect(shown).toContain(reference.replaceAll(/\s/g, ""));
    expect(shown).toContain("/dev/pts/3");
    expect(host.logged()).toMatch(/ada through sudo at \/dev\/pts\/9: refused, REJECTED/);
  }, 400_000);

  test("whoever has left when he confirms does not get in", async () => {
    const ada = await owner();
    host.configure({ users: { ada: ada.desk.userId }, key: "elsewhere" });
    for (const signal of ["SIGTERM", "SIGHUP"] as const) {
      const run = host.start("confirm", SUDO);
      await run.shows(/countersign approve/);
      run.end(signal);
      const { exitCode, output } = await run.ended;
      expect({ letIn: exitCode === 0, output }).toEqual({
        letIn: false,
        output: expect.stringContaining("Withdrawn. Try again") as unknown,
      });
    }
    const killed = host.start("confirm", SUDO);
    const letIn = host.logged().split(": confirmed").length;
    await takenUp(killed, ada, async () => {
      const code = await ada.hands.codeFor(await ada.hands.readAndProve());
      killed.end("SIGKILL");
      await killed.ended;
      await ada.hands.key.type(code);
    });
    expect((await killed.ended).exitCode).not.toBe(0);
    expect(host.logged().split(": confirmed")).toHaveLength(letIn);
  }, 400_000);
});

describe("whatever is away or wrong lets nobody in, and the terminal says what to do next", () => {
  let users: Record<string, string>;
  const wrongly = (settings: Record<string, unknown>): void => host.configure({ users, ...settings });

  beforeAll(async () => {
    users = { ada: (await owner()).desk.userId };
  }, 400_000);
  beforeEach(() => wrongly({}));

  test("the core", async () => {
    wrongly({ core: "127.0.0.1:9" });
    expect(await refusal()).toMatch(/^Core or device daemon do not answer/);
  }, 400_000);

  test("the key's daemon", async () => {
    wrongly({ key: join(folder, "nobody.sock") });
    expect(await refusal()).toMatch(/^Core or device daemon do not answer/);
  }, 400_000);

  test("the owner, who does nothing", async () => {
    wrongly({ waitSeconds: 10 });
    expect(await refusal()).toContain("No confirmation in time");
  }, 400_000);

  test("an account that is nobody's", async () => {
    expect(await refusal({ ...SUDO, PAM_USER: "mallory" })).toMatch(/^Nobody can confirm for this account/);
    expect(host.logged()).toContain("mallory through sudo at /dev/pts/3: refused, the account is not in users");
  }, 400_000);

  test.each([
    ["a configuration that others may write", () => chmodSync(host.config, 0o666)],
    ["a configuration in a folder that others may write", () => chmodSync(host.folder, 0o777)],
    ["a configuration that is no JSON", () => writeFileSync(host.config, "{")],
    ["a member that is unknown", () => wrongly({ failOpen: true })],
    ["a token that others may read", () => wrongly({ submitToken: host.config })],
  ])(
    "%s",
    async (_name, spoil) => {
      const { mode } = statSync(host.folder);
      try {
        spoil();
        expect(await refusal()).toMatch(/^This host is set up wrongly/);
      } finally {
        chmodSync(host.folder, mode & 0o777);
        chmodSync(host.config, 0o644);
      }
    },
    400_000,
  );

  test("a line of pam.d that is not for auth", async () => {
    expect(await refusal({ ...SUDO, PAM_TYPE: "account" })).toContain("is for an auth line of pam_exec");
  }, 400_000);

  test("a name that no key can show", async () => {
    expect(await refusal({ ...SUDO, PAM_RHOST: "a\u202Eb" })).toMatch(/^This cannot be shown on a key/);
  }, 400_000);
});

describe("whoever knocks chooses names and may fill the environment", () => {
  beforeEach(() => host.configure({ users: { ada: "ada" }, core: "127.0.0.1:9" }));

  test("what modules before it have put there does not run", async () => {
    const mark = join(folder, "mark");
    const bin = mkdtempSync(join(folder, "bin-"));
    for (const name of ["sh", "node", "env", "dirname", "readlink"])
      writeFileSync(join(bin, name), `#!/bin/sh\n/usr/bin/touch ${mark}\n`, { mode: 0o755 });
    const script = join(bin, "evil.cjs");
    writeFileSync(script, `require("node:fs").writeFileSync(${JSON.stringify(mark)}, "")`);
    const handed = { PATH: bin, ENV: join(bin, "sh"), BASH_ENV: join(bin, "sh"), NODE_OPTIONS: `--require=${script}` };
    expect(await refusal({ ...SUDO, ...handed })).toMatch(/^Core or device daemon do not answer/);
    expect(existsSync(mark)).toBe(false);
  }, 400_000);

  test.each([
    [
      "a line of its own",
      "eve\nBREAK-GLASS USED, root",
      "eve<U+000A>BREAK-GLASS<U+0020>USED,<U+0020>root through sudo",
    ],
    ["a sentence", "eve through sudo: confirmed", "eve<U+0020>through<U+0020>sudo:<U+0020>confirmed through sudo"],
    ["an escape", "eve\u001B[2J\u202E", "eve<U+001B>[2J<U+202E> through sudo"],
    ["no end", "x".repeat(100_000), `${"x".repeat(61)}... through sudo`],
  ])(
    "a name with %s is one word of the log, and what became of it follows",
    async (_name, user, logged) => {
      expect(await refusal({ ...SUDO, PAM_USER: user })).toMatch(/^Nobody can confirm for this account/);
      expect(host.logged()).toContain(`${logged} at /dev/pts/3: refused, the account is not in users`);
      const end = await host.start("break-glass", { ...SUDO, PAM_USER: user }, "0".repeat(32)).ended;
      expect(end.exitCode).not.toBe(0);
      expect(host.logged()).toContain(`break-glass refused, ${logged} at /dev/pts/3: no such token`);
    },
    400_000,
  );
});

describe("break-glass", () => {
  test("lets in once, without core and configuration, and is told to syslog, to the file and to everybody after", async () => {
    const [token = "", other = ""] = await host.newTokens(2);
    const first = await host.start("break-glass", SUDO, `${token}\0`).ended;
    expect(first).toEqual({
      exitCode: 0,
      output: expect.stringContaining("WARNING: let in by break-glass") as unknown,
    });
    expect(host.used()).toEqual([expect.objectContaining({ user: "ada", service: "sudo", tty: "/dev/pts/3" })]);
    expect(host.logged()).toMatch(/<36>.*countersign-pam.*BREAK-GLASS USED, ada through sudo at \/dev\/pts\/3/);
    expect(host.logged()).not.toContain(token);
    const again = await host.start("break-glass", SUDO, `${token}\0`).ended;
    expect(again).toMatchObject({ output: expect.stringContaining("used before") as unknown });
    expect(again.exitCode).not.toBe(0);
    expect(host.used()).toHaveLength(1);
    const race = await Promise.all([1, 2, 3].map(() => host.start("break-glass", SUDO, other).ended));
    expect(race.filter(({ exitCode }) => exitCode === 0)).toHaveLength(1);
    const ada = await owner();
    const end = await attended(() => host.start("confirm", SUDO), ada.desk);
    expect(end.output).toContain("WARNING: break-glass was used 2 times, last ");
  }, 400_000);

  test.each([
    ["nothing", ""],
    ["a guess", "0123-4567-89ab-cdef-0123-4567-89ab-cdef"],
    ["a path", "../../etc/passwd"],
    ["a megabyte", "0".repeat(1 << 20)],
    ["something without end of text", "\0\0\0"],
  ])("%s typed lets nobody in", async (_name, typed) => {
    expect((await host.start("break-glass", SUDO, typed).ended).exitCode).not.toBe(0);
  });

  test("a use that nobody can write down lets nobody in", async () => {
    const [token = ""] = await host.newTokens(1);
    const elsewhere = join(folder, "nowhere/at/all");
    const places = ["--tokens", host.tokens, "--uses", elsewhere, "--syslog", elsewhere];
    const end = await host.startWith(["break-glass", ...places], SUDO, token).ended;
    expect(end.output).toContain("Refused: neither");
    expect(end.exitCode).not.toBe(0);
  });
});
