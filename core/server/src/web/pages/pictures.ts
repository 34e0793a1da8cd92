// For scripts/screenshots: the console of a bank after a busy hour, as its how-to shows it.
import type { Page } from "playwright-core";
import type { ConsoleInBrowser, Look } from "../../testing/console-in-browser.ts";
import type { CoreWorld } from "../../testing/core-world.ts";
import { submitStatement } from "../../verification/submit-statement.ts";
import { addUser, carryOut, confirm, type Scene } from "./scene.ts";
import { goTo, loggedIn, said, settled } from "./visit.ts";

const MINUTE = 60_000;
const MINUTES = 45;
/** How many are confirmed in a minute, again and again. */
const RHYTHM = [1, 0, 2, 1, 3, 1, 2, 0];
/** In such a minute somebody stops one, too. */
const STOPPED = 11;

/** So many that none of them leaves more prompts unanswered than his chat is asked. */
const CUSTOMERS = ["amina", "bo", "chen", "dora", "emil", "fatma", "goran", "hana"];

/** Transactions that were confirmed, and some that were not, before anything else of a scene. */
export async function busyHour(core: CoreWorld): Promise<void> {
  const customers = await Promise.all(CUSTOMERS.map((name) => addUser(core, name)));
  let turn = 0;
  const next = async () => {
    const customer = customers[turn % customers.length];
    turn += 1;
    if (customer === undefined) throw new Error("a bank without customers");
    const { of, key } = customer;
    return { transaction: await core.pending({ userId: of.userId }), key };
  };
  for (let minute = 0; minute < MINUTES; minute += 1) {
    core.clock.advance(MINUTE);
    for (let count = RHYTHM[minute % RHYTHM.length] ?? 0; count > 0; count -= 1) {
      const { transaction, key } = await next();
      core.clock.advance(4_000 + 1_000 * count);
      await confirm(core, transaction, key);
      await carryOut(core, transaction, "booked");
    }
    if (minute % STOPPED !== 0) continue;
    const { transaction, key } = await next();
    const signed = core.reject(transaction, {}, key);
    await submitStatement(core.given, { txId: transaction.txId, tenantId: core.tenantId, signed });
  }
}

interface Picture {
  readonly name: string;
  readonly place: string;
  readonly look?: Look;
  /** What is done there before. */
  readonly act?: (page: Page) => Promise<void>;
}

const NARROW: Look = { width: 320, scheme: "dark", language: "ar" };

function pictures({ tampered, partial, endpointId }: Scene): readonly Picture[] {
  return [
    { name: "overview", place: "overview" },
    { name: "overview-narrow", place: "overview", look: NARROW },
    { name: "channels", place: "channels", act: askToResume },
    { name: "why", place: "deliveries/why?user=erika" },
    { name: "transactions", place: "transactions" },
    { name: "approvers", place: `transactions/${partial.txId}` },
    { name: "tampered", place: `transactions/${tampered.txId}` },
    { name: "invitation", place: "users/anton.huber", act: invite },
    { name: "policy", place: "policy", act: tryAnotherPolicy },
    { name: "webhooks", place: `webhooks/${endpointId}` },
    { name: "audit", place: "audit?event=transaction." },
  ];
}

async function askToResume(page: Page): Promise<void> {
  await page.getByRole("button", { name: said("Resume matrix-bot") }).click();
  await page.getByRole("button", { name: "Ask for it" }).click();
  await page.getByRole("region", { name: "To your key" }).waitFor();
}

async function invite(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Invite to enrol a key" }).click();
  await page.getByRole("button", { name: "Make the invitation" }).click();
  await page.getByRole("img", { name: said("Invitation for anton.huber") }).waitFor();
}

async function tryAnotherPolicy(page: Page): Promise<void> {
  const editor = page.getByLabel("Document, as JSON");
  await editor.fill((await editor.inputValue()).replace('"digits": 6', '"digits": 8'));
  await page.getByRole("button", { name: "Try it on past transactions" }).click();
  await page
    .getByText(/transactions that were looked at/)
    .first()
    .waitFor();
  await page.evaluate("document.querySelector('[aria-labelledby=edit] table').scrollIntoView()");
}

/** One PNG a page into `folder`. The browsers' clock is the core's, which is a test's. */
export async function takePictures(site: ConsoleInBrowser, scene: Scene, folder: string): Promise<void> {
  const { anna, admins } = site.opened;
  for (const { name, place, look = { width: 1024 }, act } of pictures(scene)) {
    const context = await loggedIn(site, anna, look);
    const page = await context.newPage();
    await page.clock.setFixedTime(admins.world.given.store.now());
    await page.goto(`${site.origin}/console/#/users`);
    await settled(page);
    await goTo(page, place);
    await act?.(page);
    await page.screenshot({ path: `${folder}/console-${name}.png` });
    await context.close();
  }
  await pictureOfLogin(site, folder);
}

async function pictureOfLogin(site: ConsoleInBrowser, folder: string): Promise<void> {
  const context = await site.context({ width: 1024 });
  const page = await site.page(context);
  await page.getByLabel("Your name as an administrator").fill("bob");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.locator(".fingerprint").waitFor();
  await page.screenshot({ path: `${folder}/console-login.png` });
  await context.close();
}
