import { existsSync } from "node:fs";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { afterAll, afterEach, beforeAll, expect } from "@jest/globals";
import { encodeMessage, encodeRequest, HidCommand, Subcommand } from "@countersign/key-protocol";
import { PATIENT_MS, tempFolder, testWith } from "@countersign/testing";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { onSockets } from "../backend/plugs.ts";
import type { Profile } from "../device.ts";
import { type DisplaySize, LARGEST, SMALLEST, USUAL } from "../display/display-size.ts";
import { Emulator } from "../emulator.ts";
import { SocketHost } from "../testing/socket-host.ts";
import { MemoryKeyStore } from "../storage/key-store.ts";
import { FULL, PIN, presentRequest, readyBench } from "../testing/bench.ts";
import { ControlServer } from "./control-server.ts";

const executablePath = process.env["COUNTERSIGN_CHROMIUM"] ?? "/usr/bin/chromium";
const present = existsSync(executablePath);
const browserTest = testWith("chromium", present);
const folder = tempFolder();

let browser: Browser | undefined;
let keys = 0;
const open: (() => Promise<void>)[] = [];

beforeAll(async () => {
  if (present) browser = await chromium.launch({ executablePath, timeout: PATIENT_MS });
}, 400_000);

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

afterAll(async () => {
  await browser?.close();
});

/** A page on a key that has PIN and credential; problems of the console are failures. */
async function openKey(
  options: { profile?: Partial<Profile>; scheme?: "light" | "dark"; width?: number } = {},
): Promise<{
  page: Page;
  host: SocketHost;
  keyId: Uint8Array;
  problems: string[];
  emulator: Emulator;
  /** Of the key: holds its time, and lets it go on. */
  clock: { stands: boolean };
}> {
  const store = new MemoryKeyStore();
  const { keyId } = readyBench(options.profile, store);
  const socket = join(folder, `key-${++keys}.sock`);
  const clock = { stands: false, at: 0, now: () => (clock.at = clock.stands ? clock.at : performance.now()) };
  const emulator = new Emulator({
    profile: { ...FULL, ...options.profile },
    store,
    plugs: onSockets({ vendor: socket }),
    clock,
  });
  const control = new ControlServer(emulator);
  await emulator.plug();
  const url = await control.listen(0);
  const context = await (browser as Browser).newContext({
    viewport: { width: options.width ?? 900, height: 900 },
    reducedMotion: "reduce",
    colorScheme: options.scheme ?? "light",
  });
  context.setDefaultTimeout(PATIENT_MS);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  await page.goto(url);
  const host = await SocketHost.connect(socket);
  open.push(async () => {
    await closeAll(context, host, control, emulator);
  });
  return { page, host, keyId, problems, emulator, clock };
}

async function closeAll(
  context: BrowserContext,
  host: SocketHost,
  control: ControlServer,
  emulator: Emulator,
): Promise<void> {
  await context.close();
  host.close();
  await control.close();
  await emulator.unplug();
}

function ask(host: SocketHost, keyId: Uint8Array): void {
  host.send(encodeMessage(host.channel, HidCommand.COUNTERSIGN, encodeRequest(presentRequest(keyId))));
}

/** The rows as they stand on the page. */
async function rowsOf(page: Page, { columns, rows }: DisplaySize = USUAL): Promise<string[]> {
  const cells = await page.locator("#display span").allTextContents();
  expect(cells).toHaveLength(columns * rows);
  return Array.from({ length: rows }, (_, at) => cells.slice(at * columns, (at + 1) * columns).join(""));
}

async function untilSaid(page: Page, words: string): Promise<void> {
  await page.locator("#said", { hasText: words }).waitFor({ state: "attached" });
}

/** Does it again for as long as the key finds that its page has just changed. */
async function untilTaken(page: Page, path: RegExp, act: () => Promise<void>): Promise<void> {
  for (;;) {
    const [response] = await Promise.all([page.waitForResponse((each) => path.test(each.url())), act()]);
    if (((await response.json()) as { taken: boolean }).taken) return;
  }
}

async function violations(page: Page): Promise<string[]> {
  const found = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]).analyze();
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
}

browserTest(
  "a payment is read, approved and signed with the keyboard alone, and every page is spoken",
  async () => {
    const { page, host, keyId, problems } = await openKey();
    ask(host, keyId);
    await untilSaid(page, "EUR 1 250.00");
    expect((await rowsOf(page))[0]).toBe("1/4 PAY     Acme Bank");
    for (const words of ["Müller GmbH", "DE89 3704 0044 0532", "Invoice 2026-114", "8 tries left"]) {
      await page.keyboard.press("ArrowRight");
      await untilSaid(page, words);
    }
    await page.keyboard.type(PIN);
    await untilSaid(page, "******");
    await page.keyboard.press("Enter");
    await untilSaid(page, "from your phone");
    await page.keyboard.type("482915");
    await untilSaid(page, "4 8 2 9 1 5");
    await page.keyboard.press("Enter");
    await untilSaid(page, "The outcome comes. on your phone.");
    expect((await host.answer())[0]).toBe(0);
    expect(problems).toEqual([]);
  },
  400_000,
);

browserTest(
  "a payment is rejected with mouse and Escape; after a click Enter still means OK",
  async () => {
    const { page, host, keyId } = await openKey();
    ask(host, keyId);
    await untilSaid(page, "EUR 1 250.00");
    await page.getByRole("button", { name: "Next" }).click();
    await untilSaid(page, "Müller GmbH");
    await page.keyboard.press("Escape");
    await untilSaid(page, "1 wrong data");
    await page.getByRole("button", { name: "2", exact: true }).click();
    await untilSaid(page, "2▶not me");
    await page.keyboard.press("Enter");
    await untilSaid(page, "REJECTED");
    expect((await host.answer())[0]).toBe(0);
  },
  400_000,
);

browserTest(
  "a focused button is pressed by Enter, and only once",
  async () => {
    const { page, host } = await openKey();
    host.send(encodeMessage(host.channel, HidCommand.COUNTERSIGN, Uint8Array.of(Subcommand.CHANGE_PIN)));
    await untilSaid(page, "8 tries left");
    await page.getByRole("button", { name: "7", exact: true }).focus();
    await page.keyboard.press("Enter");
    await untilSaid(page, "*_____");
  },
  400_000,
);

for (const [scheme, width] of [
  ["light", 900],
  ["dark", 900],
  ["light", 320],
  ["dark", 320],
] as const) {
  browserTest(
    `axe finds nothing on any page, ${scheme} at ${width} px, and nothing scrolls sideways`,
    async () => {
      const { page, host, keyId } = await openKey({ scheme, width });
      expect(await violations(page)).toEqual([]);
      ask(host, keyId);
      await untilSaid(page, "EUR 1 250.00");
      await page.getByText("Keyboard").click();
      expect(await violations(page)).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")).toBe(true);
      await page.keyboard.press("Escape");
      await untilSaid(page, "1 wrong data");
      expect(await violations(page)).toEqual([]);
    },
    400_000,
  );
}

browserTest(
  "every button is at least 44 px high",
  async () => {
    const { page } = await openKey({ width: 320 });
    const heights = await page
      .locator("button:visible")
      .evaluateAll((buttons) => buttons.map((button) => (button as unknown as { offsetHeight: number }).offsetHeight));
    expect(heights.length).toBeGreaterThan(15);
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(44);
  },
  400_000,
);

browserTest(
  "a key without display shows its lights in words, and unplugging is shown and undone",
  async () => {
    const { page, host, keyId, problems } = await openKey({ profile: { display: false } });
    ask(host, keyId);
    await untilSaid(page, "Lights on: pin, busy.");
    expect(await page.locator("#display").isVisible()).toBe(false);
    expect(await page.getByText("This key has no display").isVisible()).toBe(true);
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "Unplug" }).click();
    await untilSaid(page, "Unplugged.");
    await page.getByRole("button", { name: "Plug in" }).click();
    await untilSaid(page, "No light is on.");
    expect(problems).toEqual([]);
  },
  400_000,
);

for (const size of [SMALLEST, { columns: 32, rows: 8 }, LARGEST]) {
  browserTest(
    `a display of ${size.columns} columns and ${size.rows} rows is drawn cell by cell, also at 320 px`,
    async () => {
      const { page, host, keyId, problems } = await openKey({ profile: { size }, width: 320 });
      ask(host, keyId);
      await untilSaid(page, "1/");
      expect((await rowsOf(page, size))[0]).toContain("PAY");
      expect(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")).toBe(true);
      expect(await violations(page)).toEqual([]);
      await page.getByRole("button", { name: "Unplug" }).click();
      await untilSaid(page, "Unplugged.");
      expect((await rowsOf(page, size)).join("")).toContain("unplugged");
      expect(problems).toEqual([]);
    },
    400_000,
  );
}

browserTest(
  "a finger is made known with the keyboard alone: held OK, menu, PIN, three touches; then it approves, a stranger's does not",
  async () => {
    const { page, host, keyId, problems, clock } = await openKey({ profile: { finger: true } });
    await page.keyboard.press("h");
    await untilSaid(page, "2 add finger");
    await page.keyboard.press("2");
    await untilSaid(page, "8 tries left");
    await page.keyboard.type(PIN);
    await page.keyboard.press("Enter");
    const thumb = page.getByRole("button", { name: "Thumb" });
    for (const words of ["3 times", "2 times", "once more"]) {
      await untilSaid(page, words);
      await thumb.focus();
      await page.keyboard.press("Enter");
    }
    await untilSaid(page, "finger 1 is known");
    expect(await violations(page)).toEqual([]);
    clock.stands = true;
    ask(host, keyId);
    await untilSaid(page, "EUR 1 250.00");
    // It has taken the place of another page: what is pressed at once was not meant for it, and the face says so.
    await page.keyboard.press("ArrowRight");
    await page.getByText("The page had just changed").waitFor();
    clock.stands = false;
    await untilTaken(page, /\/press$/, () => page.keyboard.press("ArrowRight"));
    for (let turn = 0; turn < 3; turn++) await page.keyboard.press("ArrowRight");
    await untilSaid(page, "PIN OR FINGER");
    await page.getByRole("button", { name: "Stranger" }).click();
    await untilSaid(page, "not recognised");
    await page.getByRole("button", { name: "Index finger" }).click();
    await page.getByRole("button", { name: "Thumb" }).click();
    await untilSaid(page, "from your phone");
    expect(problems).toEqual([]);
  },
  400_000,
);

browserTest(
  "OK held down with the mouse for a second resets the key; a short press is no long one",
  async () => {
    const { page, host, emulator } = await openKey();
    await emulator.unplug();
    await emulator.plug();
    const again = await SocketHost.connect(join(folder, `key-${keys}.sock`));
    again.send(encodeMessage(again.channel, HidCommand.COUNTERSIGN, Uint8Array.of(Subcommand.RESET)));
    await untilSaid(page, "3 more");
    const ok = page.locator('[data-key="ok"]');
    await ok.hover();
    // One behind the other, so that the press is short however late this process is.
    await Promise.all([page.mouse.down(), page.mouse.up()]);
    await untilSaid(page, "2 more");
    // Held from before the page could be read, it does not count.
    await untilTaken(page, /\/hold$/, async () => {
      await ok.hover();
      const counted = page.waitForRequest(/\/hold$/);
      await page.mouse.down();
      await counted;
      await page.mouse.up();
    });
    await untilSaid(page, "ready");
    expect((await again.answer())[0]).toBe(0);
    again.close();
    host.close();
  },
  400_000,
);

browserTest(
  "a key without sensor has no finger buttons, one with it has three, all of them 44 px high",
  async () => {
    expect(await (await openKey()).page.locator("#sensor").isVisible()).toBe(false);
    const { page } = await openKey({ profile: { finger: true }, width: 320 });
    const heights = await page
      .locator("#sensor button:visible, #hold")
      .evaluateAll((buttons) => buttons.map((button) => (button as unknown as { offsetHeight: number }).offsetHeight));
    expect(heights).toHaveLength(4);
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(44);
  },
  400_000,
);
