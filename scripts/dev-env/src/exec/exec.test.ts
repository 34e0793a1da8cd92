// Commands that a host confirms and then runs: exactly what was shown, or nothing.
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { Scene, type Somebody } from "../scenarios/scene.ts";
import { expectEnd, startHost, type HostGiven, type HostRun } from "./host.ts";

/** Prints what it was called with. */
const MIRROR =
  "console.log(JSON.stringify({ argv: process.argv0, args: process.argv.slice(1), env: process.env, cwd: process.cwd() }))";
const NODE = process.execPath;

const folder = tempFolder();
let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open({ folder, mode: "B" });
}, 400_000);
afterAll(() => scene?.close());

/** A user with a host of his own. */
async function meet(): Promise<{
  somebody: Somebody;
  exec: (given: Partial<HostGiven>, ...args: string[]) => HostRun;
}> {
  const somebody = await scene.user();
  const { desk } = somebody;
  const exec = (given: Partial<HostGiven>, ...args: string[]): HostRun =>
    startHost({ installation: scene.installation, desk, ...given }, "exec", ...args);
  return { somebody, exec };
}

describe("exec runs exactly what was shown", () => {
  test("arguments, environment and directory reach the command as they were typed, and the lines show them", async () => {
    const { somebody, exec } = await meet();
    const words = ["", " a  b ", "one\ntwo", `"quoted" 'x' $HOME \\n`, "Müller 日本", "--json", "--"];
    const env = ["--env", "PLACE=eu 1", "--env", "FROM_HERE"];
    const run = exec(
      { env: { FROM_HERE: "x\ny", SECRET: "not handed on" } },
      ...env,
      "--",
      NODE,
      "-e",
      MIRROR,
      ...words,
    );
    const created = await run.tells("tag");
    await somebody.hands.confirm();
    const end = await expectEnd(run, 0);
    const seen = JSON.parse(end.stdout) as { argv: string; args: string[]; env: Record<string, string>; cwd: string };
    expect(seen).toMatchObject({ argv: NODE, args: words, cwd: somebody.desk.folder });
    const { homedir, username } = userInfo();
    expect(seen.env).toEqual({
      ...{ PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: homedir, LANG: "C.UTF-8" },
      ...{ USER: username, LOGNAME: username, TERM: expect.any(String) as unknown },
      ...{ PLACE: "eu 1", FROM_HERE: "x\ny" },
    });
    const lines = (created["lines"] as { name: string; value: string }[]).map(({ name, value }) => `${name}: ${value}`);
    expect(lines.slice(0, 15)).toEqual([
      ...[`Host: ${hostname()}`, `User: ${username}`, `Command: ${NODE}`, "Argument: -e", `Argument: ${MIRROR}`],
      ...['Argument: ""', String.raw`Argument: " a \u{20}b "`, String.raw`Argument: one\ntwo`],
      String.raw`Argument: \"quoted" 'x' $HOME \\n`,
      String.raw`Argument: M\u{fc}ller \u{65e5}\u{672c}`,
      ...["Argument: --json", "Argument: --", `Directory: ${somebody.desk.folder}`],
      ...["Environment: PLACE=eu 1", String.raw`Environment: FROM_HERE=x\ny`],
    ]);
    await somebody.hands.phoneSays("Executed");
  }, 400_000);

  test("its exit code, its input and both outputs are the command's own", async () => {
    const { somebody, exec } = await meet();
    const script = join(somebody.desk.folder, "echo.sh");
    writeFileSync(script, '#!/bin/sh -u\ncat\necho "$0 $1" >&2\nexit 43\n', { mode: 0o700 });
    const run = exec({ input: "typed by the caller" }, "--", "./echo.sh", "x");
    await somebody.hands.confirm();
    const end = await expectEnd(run, 43);
    expect(end.stdout).toBe("typed by the caller");
    expect(end.stderr).toContain(`${script} x\n`);
    expect(end.told.at(-1)).toMatchObject({ state: "EXECUTED", exit: 43, final: true });
    await somebody.hands.phoneSays("Executed");
  }, 400_000);
});

describe("signals go to the command, and its end is the end", () => {
  /** Tells each signal that it gets; ends by SIGTERM as it likes. */
  const HEEDS = `for (const s of ["SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR2"]) process.on(s, () => console.log(s));
process.on("SIGTERM", () => process.exit(7));
setInterval(() => undefined, 1000);
console.log("ready");
`;
  let somebody: Somebody;
  let exec: Awaited<ReturnType<typeof meet>>["exec"];
  beforeAll(async () => ({ somebody, exec } = await meet()), 400_000);

  /** Confirms it, and waits until it is ready. */
  async function begin(name: string, text: string): Promise<{ run: HostRun; said: (word: string) => Promise<void> }> {
    const script = join(somebody.desk.folder, name);
    writeFileSync(script, `#!${NODE}\n${text}`, { mode: 0o700 });
    const run = exec({}, "--", script);
    let [heard, wake] = ["", (): void => undefined];
    run.process.stdout?.on("data", (chunk: string) => {
      heard += chunk;
      wake();
    });
    const said = async (word: string): Promise<void> => {
      while (!heard.includes(word)) await new Promise<void>((resolve) => (wake = resolve));
    };
    await somebody.hands.confirm();
    await Promise.race([said("ready"), run.ended]);
    return { run, said };
  }

  test("each is handed on; a command that ends itself by one passes its own exit through", async () => {
    const { run, said } = await begin("heeds.cjs", HEEDS);
    for (const signal of ["SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR2"] as const) {
      run.process.kill(signal);
      await Promise.race([said(signal), run.ended]);
    }
    run.process.kill("SIGTERM");
    const end = await expectEnd(run, 7);
    expect(end.stdout).toBe("ready\nSIGHUP\nSIGINT\nSIGQUIT\nSIGUSR2\n");
    expect(end.told.at(-1)).toMatchObject({ state: "EXECUTED", exit: 7, final: true });
  }, 400_000);

  test("a command that a signal ended: 128 and its number, and the user is told so", async () => {
    const { run } = await begin("falls.cjs", 'setInterval(() => undefined, 1000);\nconsole.log("ready");\n');
    run.process.kill("SIGTERM");
    const end = await expectEnd(run, 143);
    expect(end.told.at(-1)).toMatchObject({ state: "EXECUTED", exit: 143, final: true });
    await somebody.hands.phoneSays("ended by SIGTERM");
  }, 400_000);
});

describe("what changes between show and run stops it", () => {
  let somebody: Somebody;
  let exec: Awaited<ReturnType<typeof meet>>["exec"];
  beforeAll(async () => ({ somebody, exec } = await meet()));

  test("the program is written in place", async () => {
    const place = join(somebody.desk.folder, "place");
    mkdirSync(place);
    const script = join(place, "run.sh");
    writeFileSync(script, "#!/bin/sh\necho good\n");
    chmodSync(script, 0o700);
    const run = exec({}, "--", script);
    await somebody.hands.readAndProve();
    writeFileSync(script, "#!/bin/sh\necho evil\n");
    await somebody.hands.key.type(
      await somebody.hands.codeFor([{ tag: String((await run.tells("tag"))["tag"]) } as never]),
    );
    const end = await expectEnd(run, 24);
    expect(end.stdout).toBe("");
    expect(end.stderr).toContain("was written");
    await somebody.hands.phoneSays("could not carry it out");
  }, 400_000);
});
