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
  // The page hears of its new address before this does, and does what it does after drawing before this is called.
  await page.evaluate(
    `new Promise((done) => {
       const drawn = () => requestAnimationFrame(() => setTimeout(done));
       const there = ${JSON.stringify(`#/${place}`)};
       if (location.hash === there) return drawn();
       addEventListener("hashchange", drawn, { once: true });
       location.hash = there;
     })`,
  );
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
