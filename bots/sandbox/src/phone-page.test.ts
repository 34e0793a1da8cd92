import { existsSync } from "node:fs";
import { AxeBuilder } from "@axe-core/playwright";
import { Phase, sampleOutgoing, NoticeType, sampleNotice } from "@countersign/bot-kit/testing";
import type { FrontDesk, Press, Said } from "@countersign/bot-kit";
import { PATIENT_MS, testWith } from "@countersign/testing";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "@jest/globals";
import { chromium, type Browser, type Page } from "playwright-core";
import { SANDBOX_PEER } from "./phone.ts";
import { SandboxChannel } from "./sandbox-channel.ts";

const executablePath = process.env["COUNTERSIGN_CHROMIUM"] ?? "/usr/bin/chromium";
const present = existsSync(executablePath);
const browserTest = testWith("chromium", present);
/** Where pictures go, for people to look at; nowhere when unset. */
const pictures = process.env["COUNTERSIGN_SCREENSHOTS"];

let browser: Browser | undefined;
let page: Page;
let channel: SandboxChannel;
let complaints: string[];
let said: Said[];
let pressed: Press[];

const desk: FrontDesk = {
  said: async (one) => void said.push(one),
  pressed: async (one, reply) => {
    pressed.push(one);
    reply("Stopped. Nothing will be sent.");
  },
  gone: async () => undefined,
  mayJoin: async () => false,
  receipt: async () => undefined,
};

beforeAll(async () => {
  if (present) browser = await chromium.launch({ executablePath, timeout: PATIENT_MS });
});

afterAll(async () => browser?.close());

beforeEach(async () => {
  [complaints, said, pressed] = [[], [], []];
  channel = new SandboxChannel(0);
  const deepLink = await channel.signIn();
  await channel.listen(desk);
  if (browser === undefined) return;
  const context = await browser.newContext({ viewport: { width: 320, height: 640 }, reducedMotion: "reduce" });
  context.setDefaultTimeout(PATIENT_MS);
  page = await context.newPage();
  page.on("console", (message) => void (message.type() === "error" && complaints.push(message.text())));
  page.on("pageerror", (error) => void complaints.push(error.message));
  await page.goto(deepLink.replace("{token}", "AbCdEfGhIjKlMnOpQr_-12"));
  await page.getByText("online").waitFor();
}, 400_000);

afterEach(async () => {
  if (browser !== undefined) await page.context().close();
  await channel.close();
});

async function picture(name: string): Promise<void> {
  if (pictures !== undefined) await page.screenshot({ path: `${pictures}/${name}.png` });
}

async function violations(): Promise<string[]> {
  const builder = new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]);
  return (await builder.analyze()).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`);
}

async function show(phase: Phase, locale: string, providerId: string = "", type?: NoticeType): Promise<string> {
  const told = phase === Phase.OUTCOME ? { notice: sampleNotice(type ?? NoticeType.EXECUTED) } : {};
  return channel.deliver(sampleOutgoing(phase, { peerId: SANDBOX_PEER, locale, providerId, ...told }));
}

browserTest("a deep link fills in the token, and the person sends it himself", async () => {
  expect(said).toEqual([]);
  await page.keyboard.press("Enter");
  await page.getByText("/start AbCdEfGhIjKlMnOpQr_-12").waitFor();
  expect(said).toMatchObject([{ text: "/start AbCdEfGhIjKlMnOpQr_-12", privateChat: true }]);
  expect(page.url()).not.toContain("start");
});

browserTest(
  "notice, prompt, outcome: announced, readable, without violations, at 320 pixels",
  async () => {
    const id = await show(Phase.NOTICE, "en");
    await page.getByText("Confirmation waiting").waitFor();
    expect(await page.locator(".message").count()).toBe(1);
    await show(Phase.FULL, "en", id);
    await page.getByText("482 915").waitFor();
    expect(await page.getByRole("log").getByText("Müller & Söhne <GmbH>").count()).toBe(1);
    expect(await violations()).toEqual([]);
    await picture("prompt-en");
    const width = await page.evaluate("document.documentElement.scrollWidth");
    expect(width).toBeLessThanOrEqual(320);
    await show(Phase.OUTCOME, "en", id);
    await page.getByText("Executed").waitFor();
    expect(await page.getByText("482 915").count()).toBe(0);
    expect(await violations()).toEqual([]);
    await picture("outcome-en");
    expect(complaints).toEqual([]);
  },
  400_000,
);

browserTest(
  "a veto by keyboard alone, with its answer announced",
  async () => {
    await show(Phase.FULL, "en", await show(Phase.NOTICE, "en"));
    const button = page.getByRole("button", { name: "Wrong data" });
    await button.waitFor();
    await button.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("Stopped. Nothing will be sent.").waitFor();
    expect(pressed).toMatchObject([{ buttonId: "w.ref-1", peerId: SANDBOX_PEER }]);
    await picture("veto-en");
    expect(await violations()).toEqual([]);
  },
  400_000,
);

browserTest(
  "what the pop-up says leaves the pressed button in sight",
  async () => {
    await show(Phase.FULL, "en", await show(Phase.NOTICE, "en"));
    const button = page.getByRole("button", { name: "Changed my mind" });
    await button.focus();
    await page.keyboard.press("Enter");
    const popUp = page.getByRole("alert").getByText("Stopped. Nothing will be sent.");
    await popUp.waitFor();
    const [below, above] = [await button.boundingBox(), await popUp.boundingBox()];
    expect((below?.y ?? 0) + (below?.height ?? 0)).toBeLessThanOrEqual(above?.y ?? 0);
  },
  400_000,
);

browserTest(
  "the phone reports the language chosen on it, by keyboard too",
  async () => {
    await page.getByLabel("Language that this phone reports").selectOption("ar");
    await page.getByRole("textbox").fill("/help");
    await page.keyboard.press("Enter");
    await page.getByRole("log").getByText("/help").waitFor();
    expect(said).toMatchObject([{ text: "/help", locale: "ar" }]);
    await page.reload();
    expect(await page.getByLabel("Language that this phone reports").inputValue()).toBe("ar");
    expect(await violations()).toEqual([]);
  },
  400_000,
);

for (const [locale, direction] of [
  ["de", "ltr"],
  ["zh", "ltr"],
  ["ar", "rtl"],
  ["en-XA", "ltr"],
] as const) {
  browserTest(
    `${locale} reads in its own direction, from the top, in the dark too, without violations`,
    async () => {
      await page.emulateMedia({ colorScheme: "dark" });
      const id = await show(Phase.NOTICE, locale);
      await show(Phase.FULL, locale, id);
      await page.getByText("482 915").waitFor();
      expect(await page.locator(".message").getAttribute("dir")).toBe(direction);
      expect(await page.evaluate("document.getElementById('chat').scrollTop")).toBe(0);
      expect(await violations()).toEqual([]);
      await picture(`prompt-${locale}`);
      await page.locator(".message").getByRole("button").last().scrollIntoViewIfNeeded();
      await picture(`prompt-end-${locale}`);
      await show(Phase.OUTCOME, locale, id, NoticeType.TAMPERED);
      await page.locator(".message").getByRole("button").first().waitFor({ state: "detached" });
      expect(await page.getByText("482 915").count()).toBe(0);
      expect(await violations()).toEqual([]);
      await picture(`tampered-${locale}`);
    },
    400_000,
  );
}
