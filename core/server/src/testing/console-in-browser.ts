// For tests: the built console in a real Chromium, served by the core's own web listener.
import { existsSync } from "node:fs";
import { PATIENT_MS } from "@countersign/testing";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { AxeBuilder } from "@axe-core/playwright";
import { tenantKey } from "../identity/entity-key.ts";
import { parsePolicy } from "../policy/policy-document.ts";
import { servicesOf } from "../services.ts";
import { ADMINISTRATION, shardOfKey } from "../store/entity.ts";
import { serveWeb, type WebServing } from "../web/serve-web.ts";
import { ServedAdmins } from "./admin-world.ts";

export const CHROMIUM: string = process.env["COUNTERSIGN_CHROMIUM"] ?? "/usr/bin/chromium";

/** How a page is looked at. */
export interface Look {
  readonly width?: number;
  readonly scheme?: "light" | "dark";
  readonly language?: string;
}

const pictures = process.env["COUNTERSIGN_SCREENSHOTS"];

/** Administrators, a core that serves the console to browsers, and a browser. */
export class ConsoleInBrowser {
  readonly opened: ServedAdmins;
  readonly origin: string;
  /** What consoles complained about: errors, refused by the pages' policy, thrown. */
  readonly complaints: string[] = [];
  /** Addresses that pages asked for. */
  readonly asked: string[] = [];
  readonly #web: WebServing;
  readonly #browser: Browser;

  private constructor(opened: ServedAdmins, web: WebServing, browser: Browser) {
    this.opened = opened;
    this.#web = web;
    this.#browser = browser;
    // WebAuthn takes no address in numbers.
    this.origin = `http://localhost:${web.address.split(":")[1]}`;
  }

  static async open(site: string): Promise<ConsoleInBrowser> {
    const opened = await ServedAdmins.open();
    const listen = { host: "127.0.0.1", port: 0 };
    const services = servicesOf(opened.admins.world.given);
    const web = await serveWeb(services, { listen, origins: [], console: site, tls: undefined });
    const browser = await chromium.launch({ executablePath: CHROMIUM, timeout: PATIENT_MS });
    const made = new ConsoleInBrowser(opened, web, browser);
    await made.#takeSecurityKeys();
    return made;
  }

  static get isThere(): boolean {
    return existsSync(CHROMIUM);
  }

  /** A browser of its own: nobody is logged in. */
  async context({ width = 1280, scheme = "light", language = "en" }: Look = {}): Promise<BrowserContext> {
    const context = await this.#browser.newContext({
      ...{ viewport: { width, height: 900 }, colorScheme: scheme, reducedMotion: "reduce" },
      ...{ timezoneId: "UTC", locale: language },
    });
    context.setDefaultTimeout(PATIENT_MS);
    context.on("request", (request) => void this.asked.push(request.url()));
    context.on("weberror", (error) => void this.complaints.push(error.error().message));
    context.on("console", (message) => void (message.type() === "error" && this.complaints.push(message.text())));
    return context;
  }

  async page(context: BrowserContext, place = ""): Promise<Page> {
    const page = await context.newPage();
    await page.goto(`${this.origin}/console/${place}`);
    await page.locator("h1").first().waitFor();
    return page;
  }

  /** What axe finds, and whether anything scrolls sideways; a picture, too, where pictures are wanted. */
  async faultsOf(page: Page, name: string): Promise<string[]> {
    if (pictures !== undefined) await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
    const tags = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().withTags(tags).analyze();
    return [
      ...violations.map(({ id, nodes }) => `${name}: ${id}: ${nodes.map(({ html }) => html).join(" | ")}`),
      ...(await this.sidewaysOf(page, name)),
    ];
  }

  /** Whether anything scrolls sideways. */
  async sidewaysOf(page: Page, name: string): Promise<string[]> {
    const sideways = await page.evaluate("document.documentElement.scrollWidth > window.innerWidth");
    return sideways === true ? [`${name}: scrolls sideways`] : [];
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#web.close(0);
    await this.opened.close();
  }

  /** The administrators' policy names this page, so that their security keys answer to it. */
  async #takeSecurityKeys(): Promise<void> {
    const { world } = this.opened.admins;
    const key = tenantKey(ADMINISTRATION);
    const { entities } = await world.given.store.load(shardOfKey(key), key);
    const [{ version: expected, body }] = entities;
    if (body === undefined) throw new Error("there is no tenant of the administrators");
    const policy = parsePolicy({ webauthn: { rpId: "localhost", origins: [this.origin] } });
    await world.commit(shardOfKey(key), [{ key, expected, body: { ...body, policy } }]);
  }
}
