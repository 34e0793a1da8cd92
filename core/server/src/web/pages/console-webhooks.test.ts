// The page of webhooks, in a real browser, with a receiver that answers and one core that posts when the test says so.
import { readFileSync } from "node:fs";
import { tabTo, tempFolder, testWith } from "@countersign/testing";
import { afterAll, afterEach, beforeAll, expect } from "@jest/globals";
import type { BrowserContext, Locator, Page } from "playwright-core";
import { buildConsole } from "../../testing/built-console.ts";
import { ConsoleInBrowser } from "../../testing/console-in-browser.ts";
import { webhookOf, webhooksOf } from "../../webhook/find.ts";
import { secretOf } from "../../webhook/secret.ts";
import { Receiver } from "../../webhook/testing/receiver.ts";
import { Webhooks } from "../../webhook/webhooks.ts";
import { addWebhook, keepMessage } from "./webhook-scene.ts";
import { goTo, loggedIn, said, settled, turned } from "./visit.ts";

const browserTest = testWith("chromium", ConsoleInBrowser.isThere);
const folder = tempFolder();
let site: ConsoleInBrowser;
let receiver: Receiver;
let posting: Webhooks;
let context: BrowserContext | undefined;

const resolve = async () => [{ address: "127.0.0.1", family: 4 }];

beforeAll(async () => {
  if (!ConsoleInBrowser.isThere) return;
  site = await ConsoleInBrowser.open(buildConsole(folder));
  receiver = await Receiver.open();
  posting = new Webhooks({ ...core().given, webhookAllow: ["hooks.example"] }, { resolve, draw: () => 0 });
  posting.start();
}, 400_000);
afterEach(async () => {
  await context?.close();
  context = undefined;
});
afterAll(async () => {
  await posting?.stop();
  receiver?.close();
  await site?.close();
});

const core = () => site.opened.admins.world;

async function at(place: string): Promise<Page> {
  context = await loggedIn(site, site.opened.anna);
  const page = await site.page(context, `#/${place}`);
  await settled(page);
  return page;
}

const row = (page: Page, text: string): Locator => page.getByRole("row").filter({ hasText: text });
const dialogOf = (page: Page): Locator => page.getByRole("dialog");

/** By the keyboard alone. */
async function press(page: Page, name: string | RegExp, within: Locator | Page = page): Promise<void> {
  await tabTo(page, within.getByRole("button", { name, exact: true }));
  await page.keyboard.press("Enter");
}

browserTest("an endpoint is added by the keyboard alone; its secret is told once, and saved", async () => {
  const page = await at("webhooks");
  await page.getByText("Nobody outside is told.").waitFor();
  await press(page, "New endpoint");
  expect(await site.faultsOf(page, "webhooks-new")).toEqual([]);
  await tabTo(page, page.getByLabel("URL: https://"));
  await page.keyboard.type("http://shop.example/hook");
  await tabTo(page, page.getByLabel("transaction.tampered"));
  await page.keyboard.press("Space");
  await press(page, "Add it");
  // The core says what is wrong with it, and the dialog stays as it was filled.
  await dialogOf(page).getByRole("alert").getByText("url", { exact: true }).waitFor();
  await page.getByLabel("URL: https://").fill("https://shop.example/hook");
  await press(page, "Add it");
  await dialogOf(page).getByText("It is told from now on.").waitFor();
  expect(await site.faultsOf(page, "webhooks-secret")).toEqual([]);
  const [made] = await webhooksOf(core().given, core().tenantId);
  expect(made).toMatchObject({ url: "https://shop.example/hook", events: ["transaction.tampered"] });
  const secret = secretOf(core().given.secrets, made?.endpointId ?? "", 1);
  expect(await dialogOf(page).locator(".id").innerText()).toBe(secret);
  const [saved] = await Promise.all([page.waitForEvent("download"), press(page, "Save as a file")]);
  expect(readFileSync(await saved.path(), "utf8")).toBe(`${secret}\n`);
  await press(page, "I have kept it");
  await row(page, "https://shop.example/hook").locator(".badge", { hasText: "running" }).waitFor();
  expect(await page.content()).not.toContain("whsec_");
});

browserTest("a test goes out and is taken, or is not; the page says which", async () => {
  const webhook = await addWebhook(core(), { url: receiver.url });
  const page = await at(`webhooks/${webhook.endpointId}`);
  const sendTest = async (says: string): Promise<void> => {
    await press(page, "Send a test");
    const asked = page.waitForResponse((one) => one.url().endsWith("/SendTest"));
    await press(page, "Send it", dialogOf(page));
    await (await asked).finished();
    await posting.look();
    await dialogOf(page).getByText(says).waitFor();
    await page.keyboard.press("Escape");
    await dialogOf(page).waitFor({ state: "detached" });
  };
  await sendTest("The receiver took it.");
  expect(receiver.taken).toMatchObject([{ body: { test: true, type: "transaction.executed" } }]);
  await page.getByRole("row").filter({ hasText: "a test" }).locator(".badge", { hasText: "arrived" }).waitFor();
  receiver.statuses.push(503);
  await sendTest("The receiver did not take it.");
  await goTo(page, "webhooks");
  await row(page, receiver.url).getByText("5xx (503)").waitFor();
});

browserTest("what the receiver wished is told: to be left alone, and that it is gone", async () => {
  const webhook = await addWebhook(core(), { url: `${receiver.url}/wishes` });
  const page = await at(`webhooks/${webhook.endpointId}`);
  const facts = page.locator("dl.facts");
  const answer = async (status: number, headers: Readonly<Record<string, string>>): Promise<void> => {
    receiver.statuses.push(status);
    receiver.answerHeaders = headers;
    await press(page, "Send a test");
    const asked = page.waitForResponse((one) => one.url().endsWith("/SendTest"));
    await press(page, "Send it", dialogOf(page));
    await (await asked).finished();
    await posting.look();
    await page.keyboard.press("Escape");
    await dialogOf(page).waitFor({ state: "detached" });
  };
  await answer(410, {});
  await facts.getByText("its receiver said that it is gone (410)").waitFor();
  expect(await site.faultsOf(page, "webhooks-gone")).toEqual([]);
  await press(page, "Resume");
  await press(page, "Resume", dialogOf(page));
  await facts.locator(".badge", { hasText: "running" }).waitFor();
  await facts.getByText("its receiver said that it is gone (410)").waitFor({ state: "detached" });
  await answer(503, { "retry-after": "1800" });
  await facts.getByText("its receiver asked to be left alone until").waitFor();
  await goTo(page, "webhooks");
  await row(page, `${receiver.url}/wishes`).getByText("its receiver asked to be left alone until").waitFor();
  receiver.answerHeaders = {};
});

browserTest("what was given up is found and told again, one message or all since a moment", async () => {
  const webhook = await addWebhook(core(), { url: `${receiver.url}/again` });
  const { txId: transactionId } = await core().pending();
  const dead = { state: "DEAD", attempts: 17, lastResult: "timeout", lastStatus: 0, transactionId } as const;
  const [one, other] = [await keepMessage(core(), webhook, dead), await keepMessage(core(), webhook, dead)];
  const page = await at(`webhooks/${webhook.endpointId}`);
  await page.getByLabel("State").selectOption("given up");
  await turned(page, () => page.getByRole("button", { name: "Apply" }).click());
  await row(page, other).waitFor();
  await press(page, said(`Tell it again: ${one}`));
  await press(page, "Tell it again", dialogOf(page));
  await row(page, one).waitFor({ state: "detached" });
  await posting.look();
  expect(receiver.ids).toContain(one);
  await press(page, "Tell again");
  await page.getByLabel("Since").selectOption("30 days ago");
  await press(page, "Tell again", dialogOf(page));
  await dialogOf(page)
    .getByText(/One message is told again|messages are told again/)
    .waitFor();
  expect(await site.faultsOf(page, "webhooks-replay")).toEqual([]);
});

browserTest("an endpoint is paused and goes on, has a new secret, and is removed", async () => {
  const { endpointId } = await addWebhook(core(), { url: "https://paused.example/" });
  const { given, tenantId } = core();
  const held = async () => (await webhookOf(given, tenantId, endpointId))?.body;
  const page = await at(`webhooks/${endpointId}`);
  const facts = page.locator("dl.facts");
  await press(page, "Pause");
  await press(page, "Pause", dialogOf(page));
  await facts.locator(".badge", { hasText: "paused" }).waitFor();
  expect(await held()).toMatchObject({ paused: true });
  await press(page, "Resume");
  await press(page, "Resume", dialogOf(page));
  await facts.locator(".badge", { hasText: "running" }).waitFor();
  expect(await held()).toMatchObject({ paused: false });
  await press(page, "New secret");
  await press(page, "New secret", dialogOf(page));
  await dialogOf(page).getByText("The new secret signs from now on").waitFor();
  expect(await dialogOf(page).locator(".id").innerText()).toBe(secretOf(given.secrets, endpointId, 2));
  await press(page, "I have kept it");
  await facts.getByText(said("generation 2")).waitFor();
  await press(page, "Remove");
  await press(page, "Remove", dialogOf(page));
  await page.locator("h1:focus", { hasText: "Webhooks" }).waitFor();
  expect(await held()).toBeUndefined();
  await goTo(page, `webhooks/${endpointId}`);
  await page.getByText("This tenant has no such endpoint").waitFor();
});

browserTest("no browser complained", () => {
  expect(site.complaints).toEqual([]);
});
