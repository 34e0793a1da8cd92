// Each page of the console, through its main task, in a real browser before the core that serves it.
import { readFileSync } from "node:fs";
import {
  type Action,
  AdminServiceListBotsRequest,
  AdminServiceListChangesRequest,
} from "@countersign/proto/node/admin/v1/admin_service";
import { hasFocus, PATIENT_MS, tabTo, tempFolder, testWith } from "@countersign/testing";
import { afterAll, afterEach, beforeAll, expect } from "@jest/globals";
import type { BrowserContext, Page } from "playwright-core";
import { keyKey } from "../../identity/entity-key.ts";
import { isRefusal } from "../../rpc/refusal.ts";
import { shardOfUser } from "../../store/entity.ts";
import { hashOf, type TestAdmin } from "../../testing/admin-world.ts";
import { buildConsole } from "../../testing/built-console.ts";
import { call } from "../../testing/call.ts";
import { ConsoleInBrowser } from "../../testing/console-in-browser.ts";
import { addBot, addUser, attach, changeUser, failDelivery, furnish, type Scene } from "./scene.ts";
import { signToItsEnd } from "./to-sign.ts";
import { goTo, loggedIn, said, settled, turned } from "./visit.ts";

const browserTest = testWith("chromium", ConsoleInBrowser.isThere);
const folder = tempFolder();
let site: ConsoleInBrowser;
let scene: Scene;
let context: BrowserContext | undefined;

beforeAll(async () => {
  if (!ConsoleInBrowser.isThere) return;
  site = await ConsoleInBrowser.open(buildConsole(folder));
  scene = await furnish(site.opened.admins.world);
}, 400_000);
afterEach(async () => {
  await context?.close();
  context = undefined;
});
afterAll(() => site?.close());

const core = () => site.opened.admins.world;

async function at(place: string, admin: TestAdmin = site.opened.anna): Promise<Page> {
  context = await loggedIn(site, admin);
  const page = await site.page(context, `#/${place}`);
  await settled(page);
  return page;
}

/** Polls until it is so: what the core carries out comes a moment after the click. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENT_MS;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error("it never was so");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const row = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name });

/** What anna asked for in the pages, of this kind: one change a test. */
async function asked($case: string) {
  const request = AdminServiceListChangesRequest.create({ pageSize: 100, requestedBy: "anna" });
  const { changes } = await call(site.opened.client, "listChanges", request, site.opened.anna.token);
  const change = changes.find(({ action }) => action?.what?.$case === $case);
  if (change === undefined) throw new Error(`${$case} was not asked for`);
  return change;
}

/** The administrator's key signs what waits for it, and the core carries it out once it may. */
async function sign(admin: TestAdmin, changeId: string, transactionId: string): Promise<void> {
  const { admins } = site.opened;
  const verdict = await admins.sign(admin, { change: undefined, transaction: { transactionId } } as never);
  if (isRefusal(verdict)) throw new Error(verdict.message);
  await admins.carryOut(changeId);
}

browserTest("channels: a bot is paused by the keyboard alone, and resumed by a change", async () => {
  const botId = await addBot(core(), { name: "spare-bot", platform: "telegram" });
  await attach(core(), botId, {});
  const page = await at("channels");
  await tabTo(page, row(page, "spare-bot").getByRole("button", { name: said("Pause spare-bot") }));
  // The list is looked at again by itself; who has come to a button stays there.
  await page.waitForResponse((one) => one.url().endsWith("/ListBots"));
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByText(said("Pause spare-bot?")).waitFor();
  await tabTo(page, page.getByRole("dialog").getByRole("button", { name: "Pause", exact: true }));
  await page.keyboard.press("Enter");
  await row(page, "spare-bot").locator(".badge", { hasText: "paused" }).waitFor();
  const request = AdminServiceListBotsRequest.create({ tenantId: core().tenantId, nameContains: "spare" });
  const { bots } = await call(site.opened.client, "listBots", request, site.opened.anna.token);
  expect(bots).toMatchObject([{ paused: true }]);
  await tabTo(page, row(page, "spare-bot").getByRole("button", { name: said("Resume spare-bot") }));
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByRole("button", { name: "Ask for it" }));
  await page.keyboard.press("Enter");
  expect((await signed(page)).action?.what).toEqual({ $case: "resumeBot", value: { botId } });
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await row(page, "spare-bot")
    .getByRole("button", { name: said("Pause spare-bot") })
    .waitFor();
});

browserTest("deliveries: a dead letter is tried again", async () => {
  const { of } = await addUser(core(), "requeued");
  const [linkId = ""] = (await core().user(of)).linkIds;
  const transaction = await core().pending({ userId: of.userId });
  await failDelivery(core(), transaction, linkId);
  const page = await at("deliveries?user=requeued");
  await row(page, "requeued").getByText("failed").waitFor();
  await row(page, "requeued")
    .getByRole("button", { name: said("Try again: sandbox for requeued") })
    .click();
  await page.getByRole("dialog").getByRole("button", { name: "Try again" }).click();
  await row(page, "requeued").getByText("waits for its bot").waitFor();
});

browserTest("transactions: of what was tampered with both digests are told; what is open is withdrawn", async () => {
  const page = await at("transactions?state=9");
  await row(page, scene.tampered.tag).getByRole("link").first().click();
  await page.getByRole("heading", { name: "The key signed something else than the core holds" }).waitFor();
  const text = await page.locator("main").innerText();
  expect(text).toContain(Buffer.from(scene.tampered.txDigest).toString("hex"));
  expect(text).toContain("a7".repeat(32));
  expect(text).toContain("Müller GmbH");
  await goTo(page, `transactions/${scene.unknown.txId}`);
  await page.getByText("Nobody knows yet whether it was carried out").waitFor();
  const { of } = await addUser(core(), "wolfgang");
  const open = await core().pending({ userId: of.userId });
  await goTo(page, `transactions/${open.txId}`);
  await page.getByRole("button", { name: "Withdraw" }).click();
  await page.getByLabel("Reason, for the user to read").fill("ordered twice");
  await page.getByRole("dialog").getByRole("button", { name: "Withdraw" }).click();
  await page.locator("main .badge", { hasText: "withdrawn" }).waitFor();
  expect((await core().transaction(open.txId)).state).toBe("CANCELLED");
});

browserTest("transactions: of what several approve it is told who has and who has not", async () => {
  const page = await at("transactions?state=2");
  await row(page, scene.partial.tag).getByText(said("1 of 2 have approved")).waitFor();
  await row(page, scene.partial.tag).getByRole("link").first().click();
  const approvers = page.getByRole("region", { name: "Who else approves" });
  await approvers.getByText("Others may approve until").waitFor();
  const cards = approvers.getByRole("listitem");
  expect(await cards.filter({ hasText: "director" }).locator(".badge").innerText()).toContain("has not approved");
  expect(await cards.filter({ hasText: "treasurer" }).locator(".badge").innerText()).toContain("has approved");
  await page.getByText("another person approved").waitFor();
  await cards.getByRole("link", { name: "what he signed" }).click();
  await page.locator("main .badge", { hasText: "approved for somebody else" }).waitFor();
  await page.getByRole("link", { name: scene.partial.txId }).waitFor();
});

browserTest("users: found by name and frozen by the keyboard alone", async () => {
  const { of } = await addUser(core(), "frieda");
  const page = await at("users");
  const field = page.getByLabel("Name begins with");
  await tabTo(page, field);
  await page.keyboard.type("fried");
  await turned(page, () => page.keyboard.press("Enter"));
  // What was found stands there, and he is where he was.
  await row(page, "erika").waitFor({ state: "detached" });
  expect(await hasFocus(field)).toBe(true);
  await tabTo(page, page.getByRole("link", { name: "frieda", exact: true }));
  await page.keyboard.press("Enter");
  await page.locator("h1:focus", { hasText: "frieda" }).waitFor();
  const freeze = page.getByRole("button", { name: "Freeze" });
  await tabTo(page, freeze);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByText(said("Freeze frieda?")).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  // Who thought better of it is back at the button.
  expect(await hasFocus(freeze)).toBe(true);
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByRole("dialog").getByRole("button", { name: "Freeze" }));
  await page.keyboard.press("Enter");
  await page.locator("main .badge", { hasText: "frozen" }).waitFor();
  expect((await core().user(of)).state).toBe("FROZEN");
});

browserTest("users: an invitation is a picture with its time; its token is not to be read", async () => {
  await addUser(core(), "invited");
  const page = await at("users/invited");
  await page.getByRole("button", { name: "Invite to enrol a key" }).click();
  await page.getByRole("button", { name: "Make the invitation" }).click();
  // The core's clock is a test's: it may have lapsed by the browser's.
  await page
    .getByRole("img", { name: said("Invitation for invited") })
    .or(page.getByText("It has lapsed."))
    .first()
    .waitFor();
  expect(await page.content()).not.toContain("countersign:enrol/");
});

browserTest("users: a first key is confirmed with what its owner reads out, which the page does not show", async () => {
  const { of } = await addUser(core(), "newcomer");
  await core().replaceKey({ ...(await keyOf(of.userId)), state: "PROVISIONAL" });
  const page = await at("users/newcomer");
  await page.getByText("he reads it from its display").waitFor();
  await page.getByRole("button", { name: said("Confirm: S1") }).click();
  await page.getByLabel("Fingerprint, as he reads it").fill("0123 4567 89AB-CDEF");
  await page.getByRole("button", { name: "Ask for it" }).click();
  // It is not this key's: the core says so, and nothing was asked for.
  await page.getByRole("alert").waitFor();
  expect(await page.content()).not.toContain("waits for the key of who asked");
});

async function keyOf(userId: string) {
  const { keyIds } = await core().user({ tenantId: core().tenantId, userId });
  const { entities } = await core().given.store.load(
    shardOfUser(core().tenantId, userId),
    keyKey(core().tenantId, keyIds[0] ?? ""),
  );
  const [{ body }] = entities;
  if (body === undefined) throw new Error("he has no key");
  return body;
}

/** His key signs what the dialog shows, a second one where it takes two, and the page tells that it is carried out. */
async function signed(page: Page) {
  const { opened } = site;
  const dialog = page.getByRole("dialog");
  const changeId = await dialog.locator("p.fine .id").innerText();
  await signToItsEnd(opened, changeId);
  await dialog.locator(".badge", { hasText: "carried out" }).waitFor();
  return opened.admins.change(opened.client, opened.anna, changeId);
}

browserTest("changes: who is missing is named, and another one is asked for his key", async () => {
  const { admins, client, anna, bob } = site.opened;
  const what: NonNullable<Action["what"]> = { $case: "createTenant", value: { name: "Shop", issuer: "Shop" } };
  const requested = await admins.request(client, bob, what);
  const changeId = requested.change?.changeId ?? "";
  await sign(bob, changeId, requested.transaction?.transactionId ?? "");
  const page = await at("changes?state=waiting", anna);
  await tabTo(page, row(page, "Shop").getByRole("link"));
  await page.keyboard.press("Enter");
  await page.getByText(said("1 more, any of these:")).waitFor();
  await tabTo(page, page.getByRole("button", { name: "Agree, with my key" }));
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByRole("button", { name: "Ask for it" }));
  await page.keyboard.press("Enter");
  expect(await signed(page)).toMatchObject({ changeId, approvals: [{ adminId: "bob" }, { adminId: "anna" }] });
  await page.keyboard.press("Escape");
  await page.locator("main .badge", { hasText: "carried out" }).waitFor();
  await page.getByRole("link", { name: "Administrators", exact: true }).click();
  await row(page, "Shop").first().waitFor();
});

browserTest("overview: what needs somebody, with a way there; events come in as they happen", async () => {
  const page = await at("overview");
  await page.getByText("Events come in as they happen.").waitFor();
  await page.getByRole("link", { name: /Bots not attached/ }).waitFor();
  await page.getByRole("button", { name: "As a table" }).click();
  await page.getByRole("columnheader", { name: "tampered with" }).waitFor();
  await addUser(core(), "seen-live");
  const { tenantId } = core();
  await until(async () => {
    await call(site.opened.client, "freezeUser", { tenantId, userId: "seen-live" }, site.opened.anna.token);
    await changeUser(core(), { tenantId, userId: "seen-live" }, { state: "ACTIVE" });
    return (await page.getByText("user frozen").count()) > 0;
  });
  await page.getByRole("link", { name: "user:seen-live" }).first().click();
  await page.getByRole("heading", { name: "seen-live" }).waitFor();
});

browserTest(
  "policy: what is no JSON is named by its place; what another administrator changed meanwhile, too",
  async () => {
    const { admins, client, anna, bob } = site.opened;
    const page = await at("policy");
    const editor = page.getByLabel("Document, as JSON");
    const text = await editor.inputValue();
    await editor.fill(text.replace('"digits": 6', '"digits": '));
    await page.getByText(/This is no JSON: line \W*\d+\W*, column \W*\d+/).waitFor();
    await editor.fill(text.replace('"digits": 6', '"digits": 8'));
    await page.getByRole("table", { name: "What you change" }).getByText("digits").waitFor();
    await page.getByRole("button", { name: "Try it on past transactions" }).click();
    await page
      .getByText(/transactions that were looked at/)
      .first()
      .waitFor();
    const document = { ...(JSON.parse(text) as object), tries: 2 };
    const value = { documentJson: JSON.stringify(document), expectedVersion: 1 };
    const requested = await admins.request(client, bob, { $case: "setPolicy", value }, core().tenantId);
    const changeId = requested.change?.changeId ?? "";
    await sign(bob, changeId, requested.transaction?.transactionId ?? "");
    const approved = await admins.approve(client, anna, changeId);
    await sign(anna, changeId, approved.transaction?.transactionId ?? "");
    await page
      .getByText(said("Somebody else was faster: version 2 is in force, yours was made from version 1."))
      .waitFor();
    await page.getByRole("button", { name: "Take theirs, and mine where only I changed something" }).click();
    await until(async () => (JSON.parse(await editor.inputValue()) as { tries: number }).tries === 2);
    expect(JSON.parse(await editor.inputValue())).toMatchObject({ digits: 8, tries: 2 });
    await page.getByRole("button", { name: "Ask for this policy" }).click();
    await page.getByRole("button", { name: "Ask for it" }).click();
    await page.getByText("waits for the key of who asked").waitFor();
    expect((await asked("setPolicy")).action?.what).toMatchObject({
      $case: "setPolicy",
      value: { expectedVersion: 2 },
    });
  },
);

browserTest("administrators: a token is drawn in the page, saved once, and its hash alone is told", async () => {
  const page = await at("administrators");
  await page.getByRole("button", { name: "New app" }).click();
  await page.getByLabel("Name: a to z, 0 to 9 and hyphens").fill("drawn-app");
  const [saved] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save the file" }).click(),
  ]);
  expect(saved.suggestedFilename()).toBe("drawn-app.token");
  const token = readFileSync(await saved.path(), "utf8").trim();
  expect(token).toMatch(/^cs_app_[A-Za-z0-9_-]{43}$/);
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("button", { name: "Ask for it" }).click();
  const change = await signed(page);
  expect(await page.content()).not.toContain(token);
  expect(change.action?.what).toMatchObject({ $case: "createApp", value: { tokenSha256: hashOf(token) } });
  await page.keyboard.press("Escape");
  await row(page, "drawn-app").first().waitFor();
});

browserTest("audit: events are found by what they happened to, and how they are checked is said", async () => {
  const page = await at("audit");
  await page.getByLabel(/^What it happened to/).fill(`transaction:${scene.executed.txId}`);
  await turned(page, () => page.getByRole("button", { name: "Apply" }).click());
  await page.getByText("statement.accepted").waitFor();
  expect(await page.getByText("user.created").count()).toBe(0);
  await page.getByText("countersign audit verify audit.jsonl --head heads.jsonl").waitFor();
});

browserTest("an auditor is told why he can do nothing, on each page where others can", async () => {
  const auditor = await site.opened.admins.addAdmin("audrey", "auditor");
  const page = await at("channels", auditor);
  await page.getByText("Your role reads and does not stop").waitFor();
  await goTo(page, "policy");
  await page.getByText("Your role does not ask for changes").waitFor();
  expect(await page.getByLabel("Document, as JSON").count()).toBe(0);
  await goTo(page, "administrators");
  await page.getByText("Only owners change the installation itself").waitFor();
  const hooks = ["webhooks", `webhooks/${scene.endpointId}`];
  for (const place of ["channels", "deliveries", "users/erika", "changes", "administrators", ...hooks]) {
    await goTo(page, place);
    const acts = /Pause|Disable|Freeze|Suspend|Revoke|New |Reject|Remove|Tell (it )?again|Send/;
    expect(await page.getByRole("button", { name: acts }).count()).toBe(0);
  }
});
