// From first-admin.token to a session by the key: the console of a real core, a daemon with an emulated key, a phone.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PATIENT_MS, tabTo, tempFolder, testWith } from "@countersign/testing";
import { ROOT, runOnce, startChild, type Child } from "@countersign/testing/child";
import { afterAll, expect } from "@jest/globals";
import { chromium, type Browser, type Locator, type Page } from "playwright-core";
import { newSerial } from "../desk.ts";
import { AtKeyAndPhone } from "./at-key-and-phone.ts";

const executablePath = process.env["COUNTERSIGN_CHROMIUM"] ?? "/usr/bin/chromium";
const browserTest = testWith("chromium", existsSync(executablePath));
/** Five processes, a browser and a build: long on a machine that is busy. */
const MOST_MS = 900_000;
const folder = tempFolder();
/** Sockets' paths are short. */
const runtime = mkdtempSync(join(tmpdir(), "cs-"));
const [data, secrets] = [join(folder, "data"), join(folder, "secrets")];
const children: Child[] = [];
let browser: Browser | undefined;
let person: AtKeyAndPhone | undefined;

afterAll(async () => {
  await browser?.close();
  await person?.leave();
  await Promise.all(children.toReversed().map((child) => child.stop()));
  rmSync(runtime, { recursive: true, force: true });
});

/** A prompt of which everything is answered with yes. */
function yesMan(): string {
  const path = join(folder, "pinentry");
  writeFileSync(
    path,
    `#!/bin/sh\necho "OK"\nwhile read -r line; do echo "OK"; case $line in BYE*) exit;; esac; done\n`,
  );
  chmodSync(path, 0o755);
  return path;
}

function builtConsole(): string {
  const site = join(folder, "site");
  execFileSync("sh", [join(ROOT, "scripts/build-console"), site], { stdio: ["ignore", "ignore", "pipe"] });
  return site;
}

interface Place {
  /** Origin of the console. */
  readonly origin: string;
  readonly daemonPort: string;
  readonly me: AtKeyAndPhone;
}

async function start(): Promise<Place> {
  const own = ["--data", data, "--secrets", secrets];
  const tenant = ["--tenant", "administration", "--issuer", "Example admin"];
  const bots = ["--bot", "office:sandbox", "--bot", "spare:telegram"];
  await runOnce("core/server/src/main.ts", ["bootstrap", ...own, "--out", join(folder, "out"), ...tenant, ...bots]);
  const core = await startChild("core/server/src/main.ts", [
    ...["serve", ...own, "--development", "--listen", "127.0.0.1:0"],
    ...["--web-listen", "127.0.0.1:0", "--console", builtConsole()],
  ]);
  children.push(core);
  const token = ["--token-file", join(folder, "out", "office.token")];
  const bot = await startChild("bots/sandbox/src/main.ts", [
    ...["--core", String(core.ready["address"]), "--plaintext", ...token, "--listen", "127.0.0.1:0"],
  ]);
  children.push(bot);
  const bus = join(runtime, "key.sock");
  const key = await startChild("device-daemon/emulator/src/main.ts", [
    ...[
      "--socket",
      bus,
      "--control",
      "0",
      "--store",
      join(folder, "key"),
      "--profile",
      "full",
      "--serial",
      newSerial(),
    ],
  ]);
  children.push(key);
  const origin = `http://localhost:${String(core.ready["webAddress"]).split(":")[1]}`;
  const daemon = await startChild("device-daemon/daemon/src/main.ts", [
    ...["--socket", join(runtime, "daemon.sock"), "--key-socket", bus, "--key-patience", "30"],
    ...["--web-port", "0", "--web-origin", origin, "--pinentry", yesMan(), "--state", join(folder, "state")],
  ]);
  children.push(daemon);
  person = new AtKeyAndPhone(String(key.ready["control"]), String(bot.ready["phone"]));
  return { origin, daemonPort: String(daemon.ready["webPort"]), me: person };
}

async function claim(page: Page): Promise<void> {
  await page.getByLabel("One-time token").fill(readFileSync(join(secrets, "first-admin.token"), "utf8").trim());
  await page.getByLabel("Your name as an administrator").fill("anna");
  await page.getByLabel("Your phrase").fill("blue teapot");
  await page.getByRole("button", { name: "Become an administrator" }).click();
  await page.getByText("You are an administrator").waitFor();
  await page.getByRole("button", { name: "Set up key and chat" }).click();
}

async function setUp(page: Page, { daemonPort, me }: Place): Promise<void> {
  await page.getByRole("button", { name: "Enrol a key of this PC" }).click();
  await page.getByLabel("Port of the daemon").fill(daemonPort);
  await page.getByRole("button", { name: "Pair this page with the daemon" }).click();
  const print = page.getByLabel("Fingerprint");
  await print.or(page.getByRole("alert")).waitFor();
  expect(await page.getByRole("alert").allInnerTexts()).toEqual([]);
  await print.fill(me.fingerprint);
  await page.getByRole("button", { name: "This is my key" }).click();
  await page.getByText("You have a key that may sign.").waitFor();
  await page.getByRole("combobox", { name: "Chat" }).selectOption("sandbox");
  await page.getByRole("button", { name: "Link a chat" }).click();
  const command = page.locator("code", { hasText: "/start " });
  await me.say((await command.textContent()) ?? "");
  await page.getByRole("button", { name: "Show it on my key" }).click();
  await page.getByText("You have a linked chat.").waitFor();
}

/** By the keyboard alone: there by the Tab key, and pressed. */
async function press(
  page: Page,
  role: "button" | "link",
  name: string | RegExp,
  within: Locator | Page = page,
): Promise<void> {
  await tabTo(page, within.getByRole(role, { name, exact: true }));
  await page.keyboard.press("Enter");
}

/** The session's fingerprint, as the page shows it. */
async function logIn(page: Page): Promise<string> {
  await tabTo(page, page.getByLabel("Your name as an administrator"));
  await page.keyboard.type("anna");
  await page.keyboard.press("Enter");
  await page.locator("h2:focus", { hasText: "Confirm it with your key" }).waitFor();
  const fingerprint = await page.locator(".fingerprint").innerText();
  await press(page, "button", "Show it on my key");
  // The page comes after what leads to pages, and takes the focus when it does.
  await page.locator("main h1:focus", { hasText: "My key and chat" }).waitFor();
  return fingerprint;
}

/** The daemon's owner ended the pairing; the page learns it when it asks, and is paired again where it stands. */
async function pairAnew(page: Page, origin: string): Promise<void> {
  const state = ["--state", join(folder, "state")];
  await runOnce("device-daemon/daemon/src/main.ts", ["--unpair", origin, ...state]);
  const dialog = page.getByRole("dialog");
  await press(page, "button", "Show it on my key", dialog);
  await dialog.getByRole("button", { name: "Pair this page with the daemon" }).waitFor();
  await press(page, "button", "Pair this page with the daemon", dialog);
}

/** Stops at once; going on again takes his key. */
async function pauseAndResume(page: Page, { me, origin }: Place): Promise<void> {
  await press(page, "link", "Channels");
  await page.locator("main h1:focus", { hasText: "Channels" }).waitFor();
  const spare = page.getByRole("row").filter({ hasText: "spare" });
  await press(page, "button", /Pause\W+spare/, spare);
  await press(page, "button", "Pause", page.getByRole("dialog"));
  await spare.locator(".badge", { hasText: "paused" }).waitFor();
  await press(page, "button", /Resume\W+spare/, spare);
  await press(page, "button", "Ask for it", page.getByRole("dialog"));
  await pairAnew(page, origin);
  await press(page, "button", "Show it on my key", page.getByRole("dialog"));
  await page.getByRole("dialog").locator(".badge", { hasText: "carried out" }).waitFor();
  expect(me.read).toContain("bot spare");
  await page.keyboard.press("Escape");
  await spare.getByRole("button", { name: /Pause\W+spare/ }).waitFor();
}

browserTest(
  "the first administrator claims, enrols his key, links his chat, and logs in by the key, stops a bot and has it go on by his key, all in the console",
  async () => {
    const place = await start();
    browser = await chromium.launch({ executablePath, timeout: PATIENT_MS });
    const context = await browser.newContext();
    context.setDefaultTimeout(PATIENT_MS);
    const page = await context.newPage();
    const [complaints, asked]: [string[], string[]] = [[], []];
    page.on("console", (message) => void (message.type() === "error" && complaints.push(message.text())));
    page.on("pageerror", (error) => void complaints.push(error.message));
    page.on("request", (request) => void asked.push(new URL(request.url()).origin));

    await page.goto(`${place.origin}/console/#/claim`);
    await claim(page);
    await setUp(page, place);
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByText("You have logged out.").waitFor();

    const fingerprint = await logIn(page);
    await page.locator(".who", { hasText: "anna" }).waitFor();
    // What the page showed of the session is what his key showed.
    const shown = place.me.read.map((value) => value.replaceAll(/[^0-9A-F]/g, ""));
    expect(fingerprint).toMatch(/^([0-9A-F]{4}-){3}[0-9A-F]{4}$/);
    expect(shown.some((value) => value.endsWith(fingerprint.replaceAll("-", "")))).toBe(true);
    await pauseAndResume(page, place);
    expect(complaints).toEqual([]);
    expect(new Set(asked)).toEqual(new Set([place.origin, `http://127.0.0.1:${place.daemonPort}`]));
    const output = children.map((child) => child.output()).join("");
    expect(output).not.toContain("cs_admin_");
  },
  MOST_MS,
);
