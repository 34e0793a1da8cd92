// How the page looks: no finding of axe and nothing that scrolls sideways in light, dark, narrow and from right to left, and
// the whole payment by keyboard. With COUNTERSIGN_PICTURES=FOLDER it leaves the pictures of docs/how-to/web-client.md there.
import { join } from "node:path";
import { tabTo } from "@countersign/testing";
import { ROOT } from "@countersign/testing/child";
import { afterAll, beforeAll, expect } from "@jest/globals";
import type { Page } from "playwright-core";
import { whileSitting } from "../person/sit.ts";
import { inEveryLook } from "./every-look.ts";
import { meantBy, newTyped, PayPage, personAt } from "./pay-page.ts";
import { browserTest, MOST_MS, PASSWORD, WebWorld } from "./web-world.ts";

const pictures = process.env["COUNTERSIGN_PICTURES"];

let world: WebWorld;
beforeAll(async () => {
  world = await WebWorld.open();
}, MOST_MS);
afterAll(() => world?.close());

async function picture(page: Page, name: string): Promise<void> {
  if (pictures !== undefined) await page.screenshot({ path: join(pictures, `web-${name}.png`) });
}

browserTest(
  "every step has no finding in any look, and the whole payment goes by keyboard",
  async () => {
    const context = await world.context();
    const page = await context.newPage();
    await page.goto(`${world.origin}/`);
    await page.getByRole("heading", { name: "Log in at your bank" }).waitFor();
    const faults = await inEveryLook(page, "1 login");
    await tabTo(page, page.getByLabel("Your name at the bank"));
    await page.keyboard.type("anna");
    await tabTo(page, page.getByLabel("Password"));
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "What do you want to pay?" }).waitFor();
    await page.getByRole("button", { name: "Go on to your key" }).click();
    faults.push(...(await inEveryLook(page, "2 wrong")));
    await page.getByLabel(/payment file/i).setInputFiles(join(ROOT, "examples/bank/samples/refused/wrong-sum.xml"));
    await page.getByRole("alert").first().waitFor();
    faults.push(...(await inEveryLook(page, "3 refused")));
    await picture(page, "refused-file");
    await page.getByRole("button", { name: "Type a payment instead" }).click();

    const typed = { ...newTyped(), reference: "Invoice 2026-114" };
    for (const [label, text] of [
      ["To", typed.payee],
      ["Account (IBAN)", typed.account],
      ["Amount", typed.amount],
      ["Reference", typed.reference],
    ] as const) {
      await tabTo(page, page.getByLabel(label, { exact: true }));
      await page.keyboard.type(text);
    }
    faults.push(...(await inEveryLook(page, "4 details")));
    await picture(page, "details");
    await page.keyboard.press("Enter");
    const pair = page.getByRole("button", { name: "Pair this page with the daemon" });
    await pair.waitFor();
    await page.getByLabel("Port of the daemon").fill(String(world.daemonPort));
    faults.push(...(await inEveryLook(page, "5 pair")));
    await tabTo(page, pair);
    await page.keyboard.press("Enter");
    await page.locator(".now", { hasText: "Look at your key" }).waitFor();
    faults.push(...(await inEveryLook(page, "6 key")));
    await picture(page, "key");
    await whileSitting(personAt(world.desk, meantBy(typed)), () => page.locator(".outcome").waitFor());
    faults.push(...(await inEveryLook(page, "7 result")));
    await picture(page, "result");
    expect(await page.locator("h1:focus").count()).toBe(1);
    expect(faults).toEqual([]);
    await context.close();
  },
  MOST_MS,
);

browserTest(
  "a security key that is not there: the page says so, in every look",
  async () => {
    const context = await world.context();
    const at = await PayPage.open(world, context);
    await at.type(newTyped());
    await at.page.getByLabel("A security key or passkey").check();
    await at.page.getByRole("button", { name: "Go on to your key" }).click();
    // Anna has no security key: the payment is withdrawn before any code is asked for.
    expect(await at.over()).toBe("None of your keys is here");
    expect(await inEveryLook(at.page, "8 no key")).toEqual([]);
    await context.close();
  },
  MOST_MS,
);
