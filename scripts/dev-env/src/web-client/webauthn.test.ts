// A user who has a security key alone: mode C, by the browser's own WebAuthn.
import { afterAll, beforeAll, expect } from "@jest/globals";
import { connect } from "../parts.ts";
import { codeOn, enrolInBrowser, plugIn } from "./browser-key.ts";
import { inEveryLook } from "./every-look.ts";
import { newTyped, PayPage } from "./pay-page.ts";
import { browserTest, MOST_MS, WebWorld } from "./web-world.ts";

let world: WebWorld;
beforeAll(async () => {
  world = await WebWorld.open();
}, MOST_MS);
afterAll(() => world?.close());

browserTest(
  "claim 06: pays with a security key: the page says what its code field means, a wrong code is told, and the receipt is weaker",
  async () => {
    const { installation } = world;
    const context = await world.context();
    const page = await context.newPage();
    await page.goto(`${world.origin}/`);
    await plugIn(page);
    const parts = connect(installation);
    const phoneUrl = installation.phoneOf("7002");
    await enrolInBrowser(page, parts, "carla", phoneUrl);
    parts.close();
    const at = await PayPage.on(page, world, { ...world.desk, userId: "carla" });
    const typed = newTyped();
    await at.type(typed);
    await page.getByLabel("A security key or passkey").check();
    await page.getByRole("button", { name: "Go on to your key" }).click();
    await at.waitsFor("type its code here");
    const tag = await page.locator(".meant .tag").innerText();
    const code = await codeOn(phoneUrl, tag);

    const field = page.getByLabel("Code from your phone");
    expect([await field.getAttribute("autocomplete"), await field.getAttribute("name")]).toEqual(["off", "code"]);
    await page.getByText("This PC sees your code").waitFor();
    expect(await inEveryLook(page, "9 code field")).toEqual([]);
    const wrong = String((Number(code) + 1) % 10 ** code.length).padStart(code.length, "0");
    await field.fill(wrong);
    await page.getByRole("button", { name: "Sign with the security key" }).click();
    await page.getByText("Not confirmed yet: the code was wrong").waitFor();
    expect(await inEveryLook(page, "10 wrong code")).toEqual([]);
    // Pasted with its space, as the message shows it.
    await field.fill(`${code.slice(0, 3)} ${code.slice(3)}`);
    await page.getByRole("button", { name: "Sign with the security key" }).click();
    expect(await at.over()).toBe("Carried out");
    await page.getByText("Weaker: the key showed nothing").waitFor();
    await context.close();
  },
  MOST_MS,
);
