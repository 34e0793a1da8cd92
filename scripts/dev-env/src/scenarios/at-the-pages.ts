import { AxeBuilder } from "@axe-core/playwright";
import { PATIENT_MS } from "@countersign/testing";
import type { Browser, BrowserContext, Page } from "playwright-core";

/** Where pictures go, for people to look at; nowhere when unset. */
const pictures = process.env["COUNTERSIGN_SCREENSHOTS"];

/** How a page is looked at. */
export interface Looks {
  readonly width?: number;
  readonly scheme?: "light" | "dark";
}

/** A person in front of real pages: sees what is on them, clicks, types. What the consoles complain of is kept. */
export class AtThePages {
  readonly complaints: string[] = [];
  readonly #context: BrowserContext;

  constructor(context: BrowserContext) {
    this.#context = context;
  }

  static async sit(browser: Browser, { width = 420, scheme = "light" }: Looks = {}): Promise<AtThePages> {
    const viewport = { width, height: 860 };
    const context = await browser.newContext({ viewport, colorScheme: scheme, reducedMotion: "reduce" });
    context.setDefaultTimeout(PATIENT_MS);
    return new AtThePages(context);
  }

  async open(url: string): Promise<Page> {
    const page = await this.#context.newPage();
    page.on("console", (message) => void (message.type() === "error" && this.complaints.push(message.text())));
    page.on("pageerror", (error) => void this.complaints.push(error.message));
    await page.goto(url);
    return page;
  }

  async leave(): Promise<void> {
    await this.#context.close();
  }
}

/** Waits until the key's display shows these words. */
export async function keyShows(key: Page, words: string): Promise<void> {
  await key.locator("#said", { hasText: words }).waitFor({ state: "attached" });
}

/**
 * Does it at the key, again for as long as the key finds that its page has just changed and that it was not meant for it:
 * its face asks for that, and tells who looks.
 */
export async function taken(key: Page, act: () => Promise<void>): Promise<void> {
  for (;;) {
    const [answer] = await Promise.all([key.waitForResponse((each) => each.url().endsWith("/press")), act()]);
    if (((await answer.json()) as { readonly taken: boolean }).taken) return;
  }
}

/** Digits on the keyboard, then Enter. */
export async function typeOnKey(key: Page, digits: string): Promise<void> {
  await key.bringToFront();
  for (const digit of [...digits, "Enter"]) await taken(key, () => key.keyboard.press(digit));
}

/** Turns the key's pages with the mouse up to the PIN, and returns what each said. */
export async function readKeyPages(key: Page): Promise<string[]> {
  const read: string[] = [];
  await key.bringToFront();
  for (;;) {
    const said = (await key.locator("#said").textContent()) ?? "";
    if (said.startsWith("PIN")) return read;
    read.push(said);
    const isLast = said.endsWith("OK ✓");
    await taken(key, () => key.getByRole("button", { name: isLast ? "OK" : "Next" }).click());
    await key.locator("#said", { hasNotText: said }).waitFor({ state: "attached" });
  }
}

/** Types PIN and code on the key with the keyboard: the code as the phone shows it under the key's two words. */
export async function confirmOnKey(key: Page, phone: Page, pin: string): Promise<void> {
  await key.bringToFront();
  await keyShows(key, "tries left");
  for (const digit of pin) await taken(key, () => key.keyboard.press(digit));
  await keyShows(key, "*".repeat(pin.length));
  await taken(key, () => key.keyboard.press("Enter"));
  await keyShows(key, "from your phone");
  const tag = /[A-Z]+ [A-Z]+(?=\. X reject)/.exec((await key.locator("#said").textContent()) ?? "")?.[0] ?? "";
  const code = await codeOnPhone(phone, tag);
  await typeOnKey(key, code);
}

/** Waits until so many messages of the phone say this. */
export async function phoneSays(phone: Page, words: string, times: number): Promise<void> {
  await phone
    .locator(".message", { hasText: words })
    .nth(times - 1)
    .waitFor();
}

/** The code under the message that shows these words, as digits. */
export async function codeOnPhone(phone: Page, words: string): Promise<string> {
  await phone.bringToFront();
  const message = phone.locator(".message", { hasText: words }).last();
  return ((await message.locator(".code").textContent()) ?? "").replaceAll(/\D/g, "");
}

/** What axe finds, and whether anything scrolls sideways; a picture too, where pictures are wanted. */
export async function faultsOf(page: Page, name: string): Promise<string[]> {
  await page.bringToFront();
  if (pictures !== undefined) await page.screenshot({ path: `${pictures}/${name}.png` });
  const found = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]).analyze();
  const sideways = await page.evaluate("document.documentElement.scrollWidth > window.innerWidth");
  return [
    ...found.violations.map(({ id, nodes }) => `${name}: ${id}: ${nodes.map(({ html }) => html).join()}`),
    ...(sideways === true ? [`${name}: scrolls sideways`] : []),
  ];
}
