// An administrator, his security key and the console in a real browser, against a core that serves it.
import { tempFolder, testWith } from "@countersign/testing";
import { afterAll, beforeAll, expect } from "@jest/globals";
import type { BrowserContext, Page } from "playwright-core";
import { ADMINISTRATION } from "../store/entity.ts";
import { call } from "../testing/call.ts";
import type { TestAdmin } from "../testing/admin-world.ts";
import { buildConsole } from "../testing/built-console.ts";
import { ConsoleInBrowser, type Look } from "../testing/console-in-browser.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { signWithSoftKey, waitingFor } from "./pages/to-sign.ts";
import { settled } from "./pages/visit.ts";

const browserTest = testWith("chromium", ConsoleInBrowser.isThere);
const folder = tempFolder();
let site: ConsoleInBrowser;

beforeAll(async () => {
  if (ConsoleInBrowser.isThere) site = await ConsoleInBrowser.open(buildConsole(folder));
}, 400_000);
afterAll(() => site?.close());

/** The session that he asks for, before his key. */
const waiting = (admin: TestAdmin): Promise<Transaction> =>
  waitingFor(site.opened.admins, admin, ({ type }) => type === "login");

/** A browser of his with a security key, which is the only one that he has left. */
async function withSecurityKey(admin: TestAdmin, look: Look = {}): Promise<BrowserContext> {
  const context = await site.context(look);
  const session = JSON.stringify({ adminId: admin.adminId, token: admin.token });
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      ...{ protocol: "ctap2", ctap2Version: "ctap2_1", transport: "usb", hasUserVerification: true },
      ...{ isUserVerified: true, automaticPresenceSimulation: true },
    },
  });
  await page.goto(`${site.origin}/console/`);
  await page.evaluate(`sessionStorage.setItem("countersign.session", ${JSON.stringify(session)})`);
  await page.goto(`${site.origin}/console/#/me`);
  await page.reload();
  await page.getByRole("button", { name: "Enrol a security key in the browser" }).click();
  await page.getByText("Your older key confirms the new one").waitFor();
  const { admins } = site.opened;
  await signWithSoftKey(admins, admin, await waitingFor(admins, admin, ({ type }) => type === "enrol"));
  await page.getByText("That has changed").waitFor({ state: "attached" });
  const { keyId } = admin.key;
  await call(site.opened.client, "revokeKey", { tenantId: ADMINISTRATION, keyId }, site.opened.anna.token);
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByText("You have logged out.").waitFor();
  return context;
}

const pageOf = (context: BrowserContext): Page => {
  const [page] = context.pages();
  if (page === undefined) throw new Error("the browser has no page");
  return page;
};

/** By the keyboard alone, from the top of the page. */
async function logIn(page: Page, admin: TestAdmin): Promise<void> {
  await page.getByLabel("Your name as an administrator").focus();
  await page.keyboard.type(admin.adminId);
  await page.keyboard.press("Enter");
  // What takes the focus has it before anything else may be given it.
  await page.locator("h2:focus", { hasText: "Confirm it with your key" }).waitFor();
  const of = await waiting(admin);
  await page.getByLabel("Code from your phone").focus();
  await page.keyboard.type(site.opened.admins.world.code(of));
  await page.keyboard.press("Enter");
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
}

browserTest(
  "a session outlives a reload, has its way back, is one tab's own, and says truly why it ended",
  async () => {
    const olga = await site.opened.admins.addAdmin("olga", "owner");
    const context = await withSecurityKey(olga);
    const page = pageOf(context);
    await logIn(page, olga);
    await page.reload();
    await page.getByRole("navigation", { name: "Pages" }).waitFor();
    await page.getByRole("link", { name: "Audit", exact: true }).click();
    // What takes the focus names the tab before it does.
    await page.locator("h1:focus", { hasText: "Audit" }).waitFor();
    expect(await page.title()).toContain("Audit");
    await page.goBack();
    await page.getByRole("heading", { level: 1, name: "My key and chat" }).waitFor();

    const second = await site.page(context);
    await second.getByRole("heading", { level: 1, name: "Log in to Countersign" }).waitFor();
    await second.close();

    // Somebody else ends all that he has; the next call of his page learns it.
    // The page tells an end by time from others by its own clock: it has to be that of the core.
    await page.clock.setFixedTime(site.opened.admins.world.given.store.now());
    const holder = { $case: "adminId", value: "olga" } as const;
    await call(site.opened.client, "revokeToken", { holder, tenantId: "", tokenSha256: "" }, site.opened.anna.token);
    await page.getByRole("link", { name: "Policy", exact: true }).click();
    await page.getByText("Your session was ended").waitFor();
    expect(await page.evaluate("sessionStorage.getItem('countersign.session')")).toBeNull();
    await context.close();
  },
);

browserTest(
  "he logs in by name, key and the code of his phone, by the keyboard alone; logging out ends the token at the core",
  async () => {
    const paul = await site.opened.admins.addAdmin("paul", "auditor");
    const context = await withSecurityKey(paul);
    const page = pageOf(context);
    // From the top of the page to the name, past what stands before it.
    await page.evaluate("document.activeElement?.blur()");
    const reached: string[] = [];
    for (let press = 0; press < 6 && !reached.includes("name"); press += 1) {
      await page.keyboard.press("Tab");
      reached.push(String(await page.evaluate("document.activeElement?.name ?? ''")));
    }
    expect(reached).toContain("name");
    await page.keyboard.type("paul");
    await page.keyboard.press("Enter");
    await page.locator("h2:focus", { hasText: "Confirm it with your key" }).waitFor();

    const of = await waiting(paul);
    const [, session] = of.fields.map(({ value }) => (value.type === "text" ? value.text : ""));
    expect(session).toBe(`Session ${await page.locator(".fingerprint").textContent()}`);
    const { world } = site.opened.admins;
    const code = page.getByLabel("Code from your phone");
    await code.fill(world.wrongCode(of));
    await code.press("Enter");
    await page.getByText("Not confirmed yet").waitFor();
    await code.fill(world.code(of));
    await code.press("Enter");
    await page.getByRole("navigation", { name: "Pages" }).waitFor();
    await page.locator(".who", { hasText: "paul" }).waitFor();
    // Where he was when he left.
    await page.getByRole("heading", { level: 1, name: "My key and chat" }).waitFor();

    const kept = String(await page.evaluate("JSON.parse(sessionStorage.getItem('countersign.session')).token"));
    expect((await call(site.opened.client, "whoAmI", {}, kept)).admin?.adminId).toBe("paul");
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByText("You have logged out.").waitFor();
    await expect(call(site.opened.client, "whoAmI", {}, kept)).rejects.toThrow("UNAUTHENTICATED");
    await context.close();
  },
);

browserTest(
  "a name that cannot log in is told all causes and none in particular; withdrawn, it begins again",
  async () => {
    const rosa = await site.opened.admins.addAdmin("rosa", "auditor");
    const context = await site.context();
    const page = await site.page(context);
    const name = page.getByLabel("Your name as an administrator");
    await name.fill("nobody-at-all");
    await name.press("Enter");
    await page.getByRole("alert").getByText("Nobody of this name can log in just now.").waitFor();
    await name.fill(rosa.adminId);
    await name.press("Enter");
    await page.getByRole("button", { name: "Withdraw" }).click();
    await page.getByText("It is over, and nothing was done.").first().waitFor();
    await page.getByRole("button", { name: "Begin again" }).click();
    await name.waitFor();
    await context.close();
  },
);

browserTest("nothing was asked of anybody else, and no browser complained", () => {
  const others = site.asked.filter((url) => !url.startsWith(`${site.origin}/`));
  expect(others).toEqual([]);
  expect(site.complaints).toEqual([]);
});

/** Each language, light and dark, narrow and wide; colours are a scheme's, and are looked at once in each. */
const LOOKS: readonly (readonly [look: Look, by: "axe" | "width"])[] = [
  [{ language: "en", scheme: "light", width: 1280 }, "axe"],
  [{ language: "ar", scheme: "dark", width: 320 }, "axe"],
  [{ language: "de", scheme: "light", width: 320 }, "width"],
  [{ language: "zh", scheme: "dark", width: 320 }, "width"],
];

browserTest(
  "axe finds nothing at the door, while the key is asked, at the claim and in the shell; nothing scrolls sideways",
  async () => {
    const faults: string[] = [];
    for (const [at, [look, by]] of LOOKS.entries()) {
      const { adminId, token } = await site.opened.admins.addAdmin(`look-${at}`, "owner");
      const context = await site.context(look);
      const page = await site.page(context);
      const seen = async (what: string): Promise<void> => {
        const name = `${what}-${Object.values(look).join("-")}`;
        faults.push(...(by === "axe" ? await site.faultsOf(page, name) : await site.sidewaysOf(page, name)));
      };
      await seen("login");
      await page.locator("input[name=name]").fill(adminId);
      await page.locator("form button[type=submit]").click();
      await page.locator(".fingerprint").waitFor();
      await seen("key");
      await page.goto(`${site.origin}/console/#/claim`);
      await page.locator("input[name=invitation]").waitFor();
      await seen("claim");
      const session = JSON.stringify({ adminId, token });
      await page.evaluate(`sessionStorage.setItem("countersign.session", ${JSON.stringify(session)})`);
      await page.goto(`${site.origin}/console/#/me`);
      await page.reload();
      await settled(page);
      await seen("me");
      await context.close();
    }
    expect(faults).toEqual([]);
  },
  900_000,
);
