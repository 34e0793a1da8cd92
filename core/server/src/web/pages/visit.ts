// For tests and pictures: an administrator who is logged in, at a page of the console.
import type { BrowserContext, Page } from "playwright-core";
import type { TestAdmin } from "../../testing/admin-world.ts";
import type { ConsoleInBrowser, Look } from "../../testing/console-in-browser.ts";

/** A browser of an administrator's own, in which he is logged in; the pages look at the relying party. */
export async function loggedIn(site: ConsoleInBrowser, admin: TestAdmin, look: Look = {}): Promise<BrowserContext> {
  const context = await site.context(look);
  const session = JSON.stringify({ adminId: admin.adminId, token: admin.token });
  const { language = "en" } = look;
  await context.addInitScript(
    // A page that is empty yet has no storage.
    `if (location.protocol === "http:") {
       sessionStorage.setItem("countersign.session", ${JSON.stringify(session)});
       localStorage.setItem("countersign.language", ${JSON.stringify(language)});
     }`,
  );
  return context;
}

/** Goes to a place of the console as a click on a link would, and is there when it has been drawn. */
export async function goTo(page: Page, place: string): Promise<void> {
  const there = JSON.stringify(`#/${place}`);
  if ((await page.evaluate(`location.hash === ${there}`)) === true) return settled(page);
  await turned(page, () => page.evaluate(`void (location.hash = ${there})`));
}

/** Does something that leads to another place or to another list, and is there when that has been drawn and loaded. */
export async function turned(page: Page, act: () => Promise<unknown>): Promise<void> {
  // The page hears of its new address before this does, and does what it does after drawing before this is called.
  await page.evaluate(
    `void (window.turned = new Promise((done) =>
       addEventListener("hashchange", () => requestAnimationFrame(() => setTimeout(done)), { once: true })))`,
  );
  await act();
  await page.evaluate("window.turned");
  await settled(page);
}

/** Once nothing is being loaded any more. */
export async function settled(page: Page): Promise<void> {
  await page.locator("main h1").waitFor();
  await page.locator('main [aria-busy="true"]').first().waitFor({ state: "detached" });
}

/** A text as pages show it: what stands in a place for values is isolated from the direction of what is round it. */
export function said(text: string): RegExp {
  const letters = [...text].map((letter) => letter.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(letters.join("[\u2068\u2069]?"));
}
