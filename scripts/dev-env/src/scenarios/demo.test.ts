// scripts/demo as people and pipelines run it: from another folder, scripted; and on a terminal, with real pages.
import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { PATIENT_MS, tempFolder, testWith } from "@countersign/testing";
import { ROOT } from "@countersign/testing/child";
import { chromium, type Browser } from "playwright-core";
import {
  AtThePages,
  codeOnPhone,
  confirmOnKey,
  faultsOf,
  keyShows,
  phoneSays,
  readKeyPages,
  typeOnKey,
} from "./at-the-pages.ts";
import { processesIn, startScript } from "./entry-script.ts";

const folder = tempFolder();
const SAMPLES = join(ROOT, "examples/bank/samples");
let runs = 0;

/** A temporary folder for one run. */
function place(): string {
  runs += 1;
  const made = join(folder, `t${runs}`);
  mkdirSync(made);
  return made;
}

async function demo(args: readonly string[]) {
  const tmp = place();
  const script = startScript("demo", args, { cwd: folder, tmp });
  const exit = await script.ended;
  const lines = script.stdout().trim().split("\n");
  return { exit, lines, stderr: script.stderr(), left: [...processesIn(tmp), ...readdirSync(tmp)] };
}

describe("scripted", () => {
  beforeAll(() => {
    mkdirSync(join(folder, "files"));
    copyFileSync(join(SAMPLES, "suppliers-two-days.xml"), join(folder, "files/batch.xml"));
    copyFileSync(join(SAMPLES, "refused/wrong-iban.xml"), join(folder, "files/refused.xml"));
  });

  test("claim 01: a relative file from another folder is executed: exit 0, NDJSON, nothing left behind", async () => {
    const ran = await demo(["--auto", "--json", "files/batch.xml"]);
    expect({ exit: ran.exit, stderr: ran.stderr, left: ran.left }).toEqual({ exit: 0, stderr: "", left: [] });
    const events = ran.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events[0]).toMatchObject({ event: "ready", readyMs: expect.any(Number) as unknown });
    expect(events.at(-2)).toMatchObject({ state: "EXECUTED", final: true, exit: 0 });
    expect(events.at(-1)).toMatchObject({ event: "demo", exitCode: 0, executions: 1 });
    console.log(`ready in ${String(events[0]?.["readyMs"])} ms (goal: 5000)`);
  }, 400_000);

  test("check 10: a refused file ends with 2 and names element and rule; nothing is left behind", async () => {
    const ran = await demo(["--auto", "--json", "files/refused.xml"]);
    expect({ exit: ran.exit, stderr: ran.stderr, left: ran.left }).toEqual({ exit: 2, stderr: "", left: [] });
    expect(ran.lines.join("\n")).toContain("CdtrAcct/Id/IBAN");
    expect(ran.lines.join("\n")).toContain('"executions":0');
  }, 400_000);

  test("the story goes to standard error, in words, and the trace has neither code nor PIN", async () => {
    const ran = await demo(["--auto", "--attack", "alter-both", "--trace", "trace.jsonl"]);
    expect({ exit: ran.exit, out: ran.lines.join(""), left: ran.left }).toEqual({ exit: 10, out: "", left: [] });
    for (const words of [
      /you meant +Amount +EUR 1 250\.00/,
      /key shows +something else\n +To +Mallory Ltd/,
      /bank's book +nothing/,
    ])
      expect(ran.stderr).toMatch(words);
    expect(ran.stderr).toContain("Stopped by the user on the key (wrong data) · nothing was sent");
    const trace = readFileSync(join(folder, "trace.jsonl"), "utf8");
    expect(trace).toContain("TransactionService/Create");
    expect(trace).not.toMatch(/271828|cs_(app|bot)_/);
  }, 400_000);

  test.each([[["--mode", "D"]], [["--attack", "none"]], [["--user", "me"]], [["--bogus"]], [["a.xml", "b.xml"]]])(
    "wrong usage %j ends with 2 and starts nothing",
    async (args) => {
      const ran = await demo([...args, "--json"]);
      expect({ exit: ran.exit, lines: ran.lines, left: ran.left }).toEqual({ exit: 2, lines: [""], left: [] });
      expect(ran.stderr).toContain("scripts/demo [FILE] [--mode A|B|C]");
    },
    400_000,
  );

  test("SIGTERM in the middle withdraws, ends with 17, and leaves nothing behind", async () => {
    const tmp = place();
    const args = ["--json", "--attack", "withheld-statement"];
    const script = startScript("demo", args, { cwd: folder, tmp, env: { NODE_OPTIONS: `--require ${fallsAsleep()}` } });
    await script.line((line) => line.includes('"step":"SHOWING"'));
    script.process.kill("SIGTERM");
    const exit = await script.ended;
    expect(script.stdout()).toContain("CANCELLED");
    expect({ exit, left: [...processesIn(tmp), ...readdirSync(tmp)] }).toEqual({ exit: 17, left: [] });
  }, 400_000);
});

/** For every process of a demo: the scripted user, who would else be done at any moment, never looks at his key. */
function fallsAsleep(): string {
  const path = join(folder, "asleep.cjs");
  const text = `
if (process.argv[1]?.endsWith("person-main.ts")) {
  const { fetch } = globalThis;
  globalThis.fetch = (url, given) => {
    if (!String(url).includes("/screen")) return fetch(url, given);
    return new Promise((resolve, reject) => {
      const sleeping = setInterval(() => {}, 1_000);
      given.signal.addEventListener("abort", () => {
        clearInterval(sleeping);
        reject(given.signal.reason);
      });
    });
  };
}
`;
  writeFileSync(path, text);
  return path;
}

const executablePath = process.env["COUNTERSIGN_CHROMIUM"] ?? "/usr/bin/chromium";
/** Of util-linux: runs a command on a terminal of its own. */
const TERMINAL = "/usr/bin/script";
const present = existsSync(executablePath) && existsSync(TERMINAL);
const browserTest = testWith("chromium", present);

describe("on a terminal, in a browser", () => {
  let browser: Browser | undefined;
  const leaving: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    if (present) browser = await chromium.launch({ executablePath, timeout: PATIENT_MS });
  }, 400_000);
  afterEach(async () => {
    for (const leave of leaving.splice(0)) await leave();
  });
  afterAll(async () => browser?.close());

  /** Starts the demo on a terminal of its own and opens the two pages it names. */
  async function sit(args: string) {
    const tmp = place();
    // exec: a shell between the terminal and the demo would get Ctrl-C too, and some end with 130 of their own.
    const terminal = spawn(TERMINAL, ["-qefc", `exec ${join(ROOT, "scripts/demo")} ${args}`, "/dev/null"], {
      cwd: folder,
      env: { ...process.env, TMPDIR: tmp },
      stdio: ["pipe", "pipe", "inherit"],
    });
    let text = "";
    const seen = Promise.withResolvers<void>();
    terminal.stdout.setEncoding("utf8").on("data", (more: string) => {
      text += more;
      if (/PIN +\d+/.test(text)) seen.resolve();
    });
    const ended = new Promise<number | null>((resolve) => terminal.once("close", resolve));
    leaving.push(async () => {
      terminal.stdin.end("\u0003");
      await ended;
    });
    await seen.promise;
    const [, keyUrl = "", phoneUrl = "", pin = ""] =
      /Key +(http:\S+)\s+Phone +(http:\S+)\s+PIN +(\d+)/.exec(text) ?? [];
    const person = await AtThePages.sit(browser as Browser);
    leaving.unshift(() => person.leave());
    const [key, phone] = [await person.open(keyUrl), await person.open(phoneUrl)];
    await phone.getByText("online").waitFor();
    const type = (keys: string): void => void terminal.stdin.write(keys);
    return {
      key,
      phone,
      pin,
      person,
      type,
      ended,
      text: () => text,
      left: () => [...processesIn(tmp), ...readdirSync(tmp)],
    };
  }

  browserTest(
    "a person confirms on the two pages, reads the outcome, presses Enter: exit 0",
    async () => {
      const { key, phone, pin, person, type, ended, text, left } = await sit("");
      await keyShows(key, "EUR 1 250.00");
      await readKeyPages(key);
      await confirmOnKey(key, phone, pin);
      // The link of his phone was the first.
      await phoneSays(phone, "Executed", 2);
      // Before the end: pages whose server has gone complain, and rightly.
      expect(person.complaints).toEqual([]);
      type("\r");
      expect({ exit: await ended, text: text() }).toEqual({
        exit: 0,
        text: expect.stringContaining("receipt verified") as unknown,
      });
      expect(left()).toEqual([]);
    },
    400_000,
  );

  browserTest(
    "mode C against alter-tx2: lights instead of a display, and the phone raises the alarm",
    async () => {
      const { key, phone, pin, type, ended } = await sit("--mode C --attack alter-tx2");
      await keyShows(key, "Lights on: pin");
      const faults = await faultsOf(key, "key-no-display");
      await typeOnKey(key, pin);
      await keyShows(key, "Lights on: code");
      const code = await codeOnPhone(phone, "your key has no screen");
      faults.push(...(await faultsOf(phone, "phone-mode-c")));
      await typeOnKey(key, code);
      await phone.getByText("STOPPED").last().waitFor();
      faults.push(...(await faultsOf(phone, "phone-tampered")));
      type("\r");
      expect({ exit: await ended, faults }).toEqual({ exit: 12, faults: [] });
    },
    400_000,
  );

  browserTest(
    "Ctrl-C withdraws: exit 17, the phone is told, nothing is left behind",
    async () => {
      const { key, phone, type, ended, text, left } = await sit("");
      await keyShows(key, "EUR 1 250.00");
      await phone.locator(".code").waitFor();
      type("\u0003");
      // The demo has the phone in view, too; the page goes with it, at once.
      expect({ exit: await ended, text: text() }).toEqual({
        exit: 17,
        text: expect.stringMatching(/phone says +Withdrawn by Acme Bank · nothing was sent/) as unknown,
      });
      expect(text()).toMatch(/client says +\S+ Withdrawn/);
      expect(left()).toEqual([]);
    },
    400_000,
  );
});
