// The site as readers meet it: it builds, every link and anchor holds, nothing is asked of another host, and it is
// readable by everybody.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { tempFolder, testWith } from "@countersign/testing";
import { ROOT } from "@countersign/testing/child";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { chromium, type Browser, type Page } from "playwright-core";
import { contents } from "../../docs/.vitepress/contents.ts";
import { pageOf } from "../../docs/.vitepress/pages.ts";
import { buildSite } from "./build-site.ts";
import { CHROMIUM, hasChromium } from "./chromium.ts";
import { markdownFiles } from "./markdown-files.ts";
import { brokenLinks } from "./site-links.ts";
import { serveSite, type SiteServer } from "./site-server.ts";

const browserTest = testWith("chromium", hasChromium);
const folder = join(tempFolder(), "site");
const MOST_MS = 400_000;
let site: SiteServer;
let browser: Browser;

beforeAll(async () => {
  buildSite(folder);
  site = await serveSite(folder);
  if (hasChromium) browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
}, MOST_MS);
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

test("every page of docs/ is in the side bar", () => {
  const listed = contents().flatMap(({ files }) => files);
  const pages = markdownFiles().filter((file) => !["README.md", "docs/index.md"].includes(file));
  const forgotten = pages
    .filter((file) => !listed.includes(file))
    .map((file) => `${file}: add it to docs/.vitepress/contents.ts`);
  expect(forgotten).toEqual([]);
  const built = readdirSync(folder, { recursive: true, encoding: "utf8" });
  expect(listed.map((file) => pageOf(file).replace(/md$/, "html")).filter((page) => !built.includes(page))).toEqual([]);
});

test("every link and every anchor of every built page leads somewhere", () => {
  const { checked, broken } = brokenLinks(folder);
  expect(broken).toEqual([]);
  expect(checked).toBeGreaterThan(1_000);
});

test("no built file names another host to load something from", () => {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.(html|css)$/.test(name));
  const foreign = files.flatMap((name) =>
    [
      ...readFileSync(join(folder, name), "utf8").matchAll(
        /(?:<(?:script|img|iframe|source|video|audio)\b[^>]*\bsrc="|<link\b[^>]*\bhref="|url\(["']?|@import ["'])(https?:)?\/\/[^"')]*/g,
      ),
    ].map(([found]) => `${name}: ${found}`),
  );
  expect(foreign).toEqual([]);
});

/** One page of each sort: landing, prose with pictures, tables, long code, the generated reference. */
const SAMPLES = [
  "",
  "start/quickstart.html",
  "concepts/modes.html",
  "concepts/attacks.html",
  "how-to/sms-bot.html",
  "reference/api/core-v1-transaction-service.html",
];
const LOOKS = [
  { colorScheme: "light", viewport: { width: 1280, height: 900 } },
  { colorScheme: "dark", viewport: { width: 1280, height: 900 } },
  { colorScheme: "light", viewport: { width: 320, height: 640 } },
  { colorScheme: "dark", viewport: { width: 320, height: 640 } },
] as const;

browserTest.each(LOOKS)(
  "$colorScheme, $viewport.width px: no violation, no scrolling to the side, no foreign request, no error",
  async (look) => {
    const context = await browser.newContext({ ...look, reducedMotion: "reduce" });
    const [foreign, errors]: [string[], string[]] = [[], []];
    context.on("request", (request) => {
      if (!request.url().startsWith(site.address) && !request.url().startsWith("data:")) foreign.push(request.url());
    });
    const page = await context.newPage();
    page.on("pageerror", ({ message }) => errors.push(message));
    const findings: string[] = [];
    for (const path of SAMPLES) {
      await page.goto(`${site.address}${path}`, { waitUntil: "networkidle" });
      findings.push(...(await violations(page)).map((text) => `/${path}: ${text}`));
      const [wide, seen] = await page.evaluate<[number, number]>("[document.documentElement.scrollWidth, innerWidth]");
      if (wide > seen) findings.push(`/${path}: ${wide} px wide on a screen of ${seen}`);
    }
    await context.close();
    expect({ findings, foreign, errors }).toEqual({ findings: [], foreign: [], errors: [] });
  },
  MOST_MS,
);

browserTest("search finds pages, by the keyboard alone, and asks nobody else", async () => {
  const page = await browser.newPage();
  const foreign: string[] = [];
  page.on("request", (request) => request.url().startsWith(site.address) || foreign.push(request.url()));
  await page.goto(`${site.address}start/quickstart.html`, { waitUntil: "networkidle" });
  await page.locator(".VPNavBarSearch button").first().focus();
  await page.keyboard.press("Enter");
  for (const [words, where] of [
    ["BotFather", "how-to/telegram-bot"],
    ["imperative shell", "architecture"],
    ["WatchDelivery", "reference/api/core-v1-code-service"],
  ] as const) {
    await page.locator("#localsearch-input").fill(words);
    await page.locator(`#localsearch-list a[href*="${where}"]`).first().waitFor();
  }
  await page.locator("#localsearch-input").fill("BotFather setjoingroups");
  await page.locator('#localsearch-list a[href*="telegram-bot"]').first().waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(/telegram-bot/);
  expect(foreign).toEqual([]);
  await page.close();
});

browserTest("a page can be reached by the keyboard: past the bars to its text", async () => {
  const page = await browser.newPage();
  await page.goto(`${site.address}start/quickstart.html`, { waitUntil: "networkidle" });
  await page.keyboard.press("Tab");
  expect(await page.evaluate("document.activeElement?.textContent")).toContain("Skip to content");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  expect(await page.evaluate("document.activeElement?.closest('.VPDoc, #VPContent') !== null")).toBe(true);
  await page.close();
});

async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ html, any }) => `${id}: ${html.slice(0, 200)} ${any[0]?.message ?? ""}`),
  );
}

test("the site's sources are read from the checkout", () => {
  expect(markdownFiles()).toEqual(
    expect.arrayContaining(["README.md", "docs/architecture.md", "clients/sdk/README.md"]),
  );
  expect(markdownFiles().every((file) => readFileSync(join(ROOT, file), "utf8").length > 0)).toBe(true);
});
