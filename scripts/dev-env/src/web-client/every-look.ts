import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import type { Look } from "./web-world.ts";

const LOOKS: readonly (readonly [string, Look])[] = [
  ["light", {}],
  ["german narrow", { language: "de", width: 320 }],
  ["arabic narrow dark", { language: "ar", width: 320, scheme: "dark" }],
];
const every = process.env["COUNTERSIGN_SCREENSHOTS"];

async function faultsOf(page: Page, name: string): Promise<string[]> {
  if (every !== undefined) await page.screenshot({ path: `${every}/${name.replaceAll(" ", "-")}.png`, fullPage: true });
  const tags = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().withTags(tags).analyze();
  const sideways = await page.evaluate("document.documentElement.scrollWidth > window.innerWidth");
  return [
    ...violations.map(({ id, nodes }) => `${name}: ${id}: ${nodes.map(({ html }) => html).join(" | ")}`),
    ...(sideways === true ? [`${name}: scrolls sideways`] : []),
  ];
}

/**
 * Faults of the page as it is, in every look: its tab is told which scheme, width and language it has, and is light, wide and
 * English afterwards. With COUNTERSIGN_SCREENSHOTS=FOLDER it leaves a picture of each there.
 */
export async function inEveryLook(page: Page, name: string): Promise<string[]> {
  const faults: string[] = [];
  for (const [look, { width = 1280, scheme = "light", language = "en" }] of LOOKS) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme: scheme });
    await page.locator("header select").selectOption(language);
    await page.locator(`html[lang=${language}]`).waitFor();
    faults.push(...(await faultsOf(page, `${name} ${look}`)));
  }
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.emulateMedia({ colorScheme: "light" });
  await page.locator("header select").selectOption("en");
  return faults;
}
