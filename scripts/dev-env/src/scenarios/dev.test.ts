// scripts/dev as a newcomer meets it: one command, two pages, a pasted line, a person with mouse and keyboard.
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { PATIENT_MS, tempFolder, testWith } from "@countersign/testing";
import { ROOT } from "@countersign/testing/child";
import { chromium, type Browser } from "playwright-core";
import type { Endpoints } from "../dev/dev.ts";
import { AtThePages, confirmOnKey, faultsOf, keyShows, phoneSays, readKeyPages, taken } from "./at-the-pages.ts";
import { processesIn, startScript, type RunningScript } from "./entry-script.ts";
import { freshFile } from "./fresh-file.ts";

const executablePath = process.env["COUNTERSIGN_CHROMIUM"] ?? "/usr/bin/chromium";
const present = existsSync(executablePath);
const browserTest = testWith("chromium", present);
const INVOICE = join(ROOT, "examples/bank/samples/invoice.xml");
const PIN = "271828";

const folder = tempFolder();
let runs = 0;
const running: RunningScript[] = [];

afterEach(async () => {
  for (const script of running.splice(0)) {
    script.process.kill("SIGTERM");
    await script.ended;
  }
}, 400_000);

/** A temporary folder for one run. */
function place(): string {
  runs += 1;
  const made = join(folder, `t${runs}`);
  mkdirSync(made);
  return made;
}

async function startDev(
  args: readonly string[] = [],
  tmp: string = place(),
): Promise<{ dev: RunningScript; at: Endpoints & { readyMs: number } }> {
  const dev = startScript("dev", ["--json", ...args], { cwd: folder, tmp });
  running.push(dev);
  const ready = await dev.line((line) => line.startsWith("{"));
  return { dev, at: JSON.parse(ready) as Endpoints & { readyMs: number } };
}

/** The line that scripts/dev prints, from another folder, with a payment that was not made before. */
function pay({ config }: Endpoints, args: readonly string[] = []): RunningScript {
  const file = freshFile(INVOICE, folder);
  const env = { COUNTERSIGN_CONFIG: config };
  const script = startScript("countersign", ["--json", "pay", basename(file), ...args], {
    cwd: dirname(file),
    tmp: folder,
    env,
  });
  running.push(script);
  return script;
}

describe("without a browser", () => {
  test("one JSON line with addresses and files, no secret in it; SIGTERM leaves nothing behind", async () => {
    const tmp = place();
    const { dev, at } = await startDev([], tmp);
    for (const path of [at.config, at.ledger, at.tokenFiles.submit, at.tokenFiles.execute, at.pinFile, at.daemon])
      expect({ path, exists: existsSync(path) }).toEqual({ path, exists: true });
    expect(processesIn(tmp).length).toBeGreaterThan(4);
    expect(dev.stdout()).not.toMatch(/cs_(app|bot|invite)_|271828/);
    expect(readFileSync(at.firstAdminFile, "utf8")).toMatch(/^cs_invite_/);
    dev.process.kill("SIGTERM");
    expect(await dev.ended).toBe(0);
    expect({ out: dev.stdout().trim().split("\n").length, err: dev.stderr() }).toEqual({ out: 1, err: "" });
    expect({ left: processesIn(tmp), folders: readdirSync(tmp) }).toEqual({ left: [], folders: [] });
  }, 400_000);

  test("two at a time take other ports; a part that dies ends all of it, with its name", async () => {
    const tmp = place();
    const [one, other] = [await startDev(), await startDev([], tmp)];
    expect(one.at.core).not.toBe(other.at.core);
    expect(one.at.console).not.toBe(other.at.console);
    expect(one.at.admin).not.toBe(other.at.admin);
    const [daemon] = processesIn(other.at.daemon);
    if (daemon === undefined) throw new Error("there is no daemon");
    process.kill(daemon.pid, "SIGKILL");
    expect(await other.dev.ended).toBe(69);
    expect(other.dev.stderr()).toContain("device-daemon/daemon/src/main.ts ended by itself");
    expect({ left: processesIn(tmp), folders: readdirSync(tmp) }).toEqual({ left: [], folders: [] });
  }, 400_000);

  test("wrong usage ends with 2 and starts nothing", async () => {
    for (const args of [["--bogus"], ["--data", ROOT], ["FILE"]]) {
      const tmp = place();
      const dev = startScript("dev", args, { cwd: folder, tmp });
      expect({ args, exit: await dev.ended }).toEqual({ args, exit: 2 });
      expect(dev.stderr()).toContain("scripts/dev [--json] [--data DIR]");
      expect(readdirSync(tmp)).toEqual([]);
    }
  }, 400_000);

  test("the page answers to its own name only and leads to key and phone", async () => {
    const { at } = await startDev();
    const page = await fetch(at.console);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect((await fetch(`${at.console}key`, { redirect: "manual" })).headers.get("location")).toBe(at.key);
    expect((await fetch(`${at.console}phone`, { redirect: "manual" })).headers.get("location")).toBe(at.phone);
    expect((await fetch(at.console, { method: "POST" })).status).toBe(405);
    const config = (await page.text()).includes(at.config);
    expect(config).toBe(true);
  }, 400_000);
});

describe("in a browser", () => {
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (present) browser = await chromium.launch({ executablePath, timeout: PATIENT_MS });
  }, 400_000);
  afterAll(async () => browser?.close());

  const open: AtThePages[] = [];
  afterEach(async () => {
    for (const person of open.splice(0)) await person.leave();
  });

  /** Somebody with console, key and phone open. */
  async function sit(at: Endpoints, looks: { width?: number; scheme?: "light" | "dark" } = {}) {
    const person = await AtThePages.sit(browser as Browser, looks);
    open.push(person);
    const [key, phone, desk] = [await person.open(at.key), await person.open(at.phone), await person.open(at.console)];
    await phone.getByText("online").waitFor();
    await keyShows(key, "COUNTERSIGN");
    return { person, desk, key, phone };
  }

  browserTest(
    "a person pays: pages by mouse, PIN and code by keyboard, the outcome on phone and console",
    async () => {
      const { at } = await startDev();
      const { person, desk, key, phone } = await sit(at);
      const faults = [...(await faultsOf(key, "key-idle")), ...(await faultsOf(desk, "console-empty"))];
      const payment = pay(at);
      await keyShows(key, "EUR 1 250.00");
      faults.push(...(await faultsOf(key, "key-page-1")));
      expect((await readKeyPages(key)).join("\n")).toContain("Müller GmbH");
      faults.push(...(await faultsOf(key, "key-pin")));
      await phone.locator(".code").waitFor();
      faults.push(...(await faultsOf(phone, "phone-prompt")));
      await confirmOnKey(key, phone, PIN);
      expect({ exit: await payment.ended, said: payment.stderr() }).toEqual({ exit: 0, said: "" });
      // The link of his phone was the first.
      await phoneSays(phone, "Executed", 2);
      expect(await phone.locator(".code").count()).toBe(0);
      await desk.getByRole("cell", { name: "Müller GmbH" }).waitFor();
      faults.push(...(await faultsOf(phone, "phone-executed")), ...(await faultsOf(desk, "console-booked")));
      faults.push(...(await faultsOf(key, "key-signed")));
      expect({ faults, complaints: person.complaints }).toEqual({ faults: [], complaints: [] });
    },
    400_000,
  );

  browserTest(
    "at 320 px in the dark: rejected on the key, then stopped on the phone; nothing is booked",
    async () => {
      const { at } = await startDev();
      const { person, desk, key, phone } = await sit(at, { width: 320, scheme: "dark" });
      const faults = await faultsOf(desk, "console-320-dark");
      const first = pay(at);
      await keyShows(key, "EUR 1 250.00");
      faults.push(...(await faultsOf(key, "key-page-320-dark")));
      await taken(key, () => key.keyboard.press("Escape"));
      await keyShows(key, "wrong data");
      faults.push(...(await faultsOf(key, "key-reject-320-dark")));
      await key.keyboard.press("1");
      await key.keyboard.press("Enter");
      await keyShows(key, "REJECTED");
      faults.push(...(await faultsOf(key, "key-rejected-320-dark")));
      expect(await first.ended).toBe(10);
      // Until then its buttons are there.
      await phoneSays(phone, "Stopped by you", 1);
      const second = pay(at);
      await phone.getByRole("button", { name: "Wrong data" }).waitFor();
      faults.push(...(await faultsOf(phone, "phone-prompt-320-dark")));
      await phone.getByRole("button", { name: "Wrong data" }).click();
      expect(await second.ended).toBe(13);
      await phoneSays(phone, "Stopped by you", 2);
      faults.push(...(await faultsOf(phone, "phone-stopped-320-dark")));
      expect(await desk.locator("#rows tr").count()).toBe(0);
      expect({ faults, complaints: person.complaints }).toEqual({ faults: [], complaints: [] });
    },
    400_000,
  );

  browserTest(
    "the token in the file makes the first administrator, in the console",
    async () => {
      const { at } = await startDev();
      const person = await AtThePages.sit(browser as Browser);
      open.push(person);
      const page = await person.open(`${at.admin}#/claim`);
      await page.getByLabel("One-time token").fill(readFileSync(at.firstAdminFile, "utf8").trim());
      await page.getByLabel("Your name as an administrator").fill("olga");
      await page.getByLabel("Your phrase").fill("green kettle");
      await page.getByRole("button", { name: "Become an administrator" }).click();
      await page.getByText("You are an administrator").waitFor();
      await page.getByRole("button", { name: "Set up key and chat" }).click();
      await page.getByRole("link", { name: "Users", exact: true }).click();
      await page.getByRole("link", { name: at.user, exact: true }).waitFor();
      expect(person.complaints).toEqual([]);
    },
    400_000,
  );

  browserTest(
    "--data keeps user, key, phone and book over a restart",
    async () => {
      const [data, tmp] = [join(place(), "kept"), place()];
      const first = await startDev(["--data", data], tmp);
      const before = await sit(first.at);
      const paid = pay(first.at);
      await keyShows(before.key, "EUR 1 250.00");
      await readKeyPages(before.key);
      await confirmOnKey(before.key, before.phone, PIN);
      expect(await paid.ended).toBe(0);
      first.dev.process.kill("SIGTERM");
      expect(await first.dev.ended).toBe(0);
      expect(readdirSync(tmp)).toEqual([]);
      const again = await startDev(["--data", data], tmp);
      expect(again.at.serverId).toBe(first.at.serverId);
      const { desk, key, phone } = await sit(again.at);
      await desk.getByText("1 booked payment.").waitFor();
      const repaid = pay(again.at);
      await keyShows(key, "EUR 1 250.00");
      await readKeyPages(key);
      await confirmOnKey(key, phone, PIN);
      expect({ exit: await repaid.ended, said: repaid.stdout() }).toEqual({ exit: 0, said: repaid.stdout() });
      await desk.getByText("2 booked payments, the last").waitFor();
    },
    400_000,
  );
});
