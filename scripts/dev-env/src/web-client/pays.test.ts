// Payments in the page, with key and phone: as meant, and ended in every way that is the user's own.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@countersign/testing/child";
import { afterAll, beforeAll, expect } from "@jest/globals";
import type { Desk } from "../desk.ts";
import { readLedger } from "../installation.ts";
import { meantByFile } from "../meant-by-file.ts";
import { PhoneInHand } from "../person/phone-in-hand.ts";
import { readMessage } from "../person/read-message.ts";
import { whileSitting } from "../person/sit.ts";
import { meantBy, newTyped, PayPage, personAt } from "./pay-page.ts";
import { browserTest, MOST_MS, WebWorld } from "./web-world.ts";

const SAMPLES = join(ROOT, "examples/bank/samples");

let world: WebWorld;
let bert: Desk;
beforeAll(async () => {
  world = await WebWorld.open();
  bert = await world.bert();
}, MOST_MS);
afterAll(() => world?.close());

browserTest(
  "a typed payment: pairs once, shows what is meant, is confirmed on key and phone, and ends with a receipt that is checked in the page",
  async () => {
    const context = await world.context();
    const at = await PayPage.open(world, context);
    const typed = newTyped();
    await at.pay(typed);
    expect(await at.over()).toBe("Carried out");
    await world.remember(context);
    expect(readLedger(world.installation)).toContainEqual(
      expect.objectContaining({ payee: typed.payee, minorUnits: "125000", references: [typed.reference] }),
    );
    const panel = at.page.getByLabel("Receipt", { exact: true });
    expect(await panel.innerText()).toMatch(/Receipt .{11,} verified: .*carried out/);
    const [download] = await Promise.all([
      at.page.waitForEvent("download"),
      panel.getByRole("button", { name: "Download the receipt" }).click(),
    ]);
    const file = await download.path();
    expect(download.suggestedFilename()).toMatch(/^receipt-[0-9A-F]{4}-[0-9A-F]{4}\.json$/);

    // The saved file is checked in any page of the bank; a byte of it changed is told.
    await at.page.getByText("Check a receipt").click();
    const json = readFileSync(file);
    const drop = at.page.getByLabel("Receipt file");
    await drop.setInputFiles({ name: "mine.json", mimeType: "application/json", buffer: json });
    await at.page.locator(".check .note-good", { hasText: "mine.json" }).waitFor();
    const forged = Buffer.from(json.toString("utf8").replace('"EXECUTED"', '"CONFIRMED"'));
    await drop.setInputFiles({ name: "forged.json", mimeType: "application/json", buffer: forged });
    await at.page.locator(".check .note-bad", { hasText: "does not verify" }).waitFor();

    expect(world.complaints).toEqual([]);
    expect(await at.page.evaluate("JSON.stringify({ ...sessionStorage })")).not.toContain("cs_");
    expect([...world.asked].filter((origin) => !/^(http:\/\/(localhost|127\.0\.0\.1):\d+|null)$/.test(origin))).toEqual(
      [],
    );
    expect(world.output()).not.toMatch(/cs_(app|grant|conf|pair)_/);
    await context.close();
  },
  MOST_MS,
);

browserTest(
  "a payment file is read in the page: a refused one names element and rule, a good one is paid",
  async () => {
    const context = await world.context();
    const at = await PayPage.open(world, context);
    const chooser = at.page.getByLabel(/payment file/i);
    await chooser.setInputFiles(join(SAMPLES, "refused/wrong-iban.xml"));
    const refusal = at.page.getByRole("alert").filter({ hasText: "wrong-iban.xml" });
    await refusal.waitFor();
    expect(await refusal.innerText()).toMatch(/Line \W?\d+\W?: Document\/CstmrCdtTrfInitn\/PmtInf.*IBAN/);
    expect(await at.page.getByRole("button", { name: "Go on to your key" }).isDisabled()).toBe(true);

    const invoice = join(SAMPLES, "invoice.xml");
    await chooser.setInputFiles(invoice);
    await at.page.locator(".meant", { hasText: "Digest" }).waitFor();
    const meant = meantByFile(invoice);
    await whileSitting(personAt(world.desk, meant), async () => {
      await at.go();
      expect(await at.over()).toBe("Carried out");
    });
    await context.close();
  },
  MOST_MS,
);

browserTest(
  "what is wrong with a form is told beside its field, and nothing is asked of anybody",
  async () => {
    const context = await world.context();
    const at = await PayPage.open(world, context);
    await at.type({ ...newTyped(), account: "DE89 3704 0044 0532 0130 01", amount: "1,250.000" });
    await at.page.getByRole("button", { name: "Go on to your key" }).click();
    const account = at.page.getByLabel("Account (IBAN)");
    expect(await account.getAttribute("aria-invalid")).toBe("true");
    expect(await at.page.getByLabel("Amount").getAttribute("aria-invalid")).toBe("true");
    await at.page.getByText("This is no IBAN").waitFor();
    expect(await at.page.locator(".meant").innerText()).toContain("Nothing yet");
    await context.close();
  },
  MOST_MS,
);

browserTest(
  "rejected on the key: stopped by you, nothing was sent",
  async () => {
    const context = await world.context();
    const at = await PayPage.open(world, context, { desk: bert });
    const typed = newTyped();
    await at.type(typed);
    // He means something else: what the key shows differs, and a careful person rejects it.
    const other = meantBy({ ...typed, reference: "Another one" });
    await whileSitting(personAt(bert, other), async () => {
      await at.go();
      expect(await at.over()).toBe("Stopped by you");
    });
    expect(await at.page.locator(".outcome").innerText()).toContain("Nothing was sent");
    expect(await at.page.locator(".note", { hasText: "Your phone has the last word" }).count()).toBe(1);
    await context.close();
  },
  MOST_MS,
);

browserTest(
  "vetoed on the phone while the key asks: ended, nothing was sent",
  async () => {
    const context = await world.context();
    const at = await PayPage.open(world, context, { desk: bert });
    const typed = newTyped();
    await at.type(typed);
    await at.go();
    const tag = await at.page.locator(".meant .tag").innerText();
    const phone = new PhoneInHand(bert.phoneUrl);
    const patience = AbortSignal.timeout(60_000);
    for (let chat = await phone.look(undefined, patience); ;) {
      const prompt = chat.messages.find((message) => readMessage(message)?.tag === tag);
      if (prompt !== undefined) {
        await phone.press(prompt, "Wrong data");
        break;
      }
      chat = await phone.look(chat.version, patience);
    }
    expect(await at.over()).toBe("Ended");
    await at.keyShows("idle");
    await context.close();
  },
  MOST_MS,
);

browserTest(
  "withdrawn in the page: the key is free at once, and asking again makes a new one",
  async () => {
    const context = await world.context();
    const at = await PayPage.open(world, context, { desk: bert });
    const typed = newTyped();
    await at.type(typed);
    await at.go();
    await at.waitsFor("Look at your key");
    await at.page.getByRole("button", { name: "Withdraw" }).click();
    expect(await at.over()).toBe("Withdrawn");
    await at.keyShows("idle");
    await whileSitting(personAt(bert, meantBy(typed)), async () => {
      await at.page.getByRole("button", { name: "Ask for it again" }).click();
      await at.page.locator(".outcome-good").waitFor();
    });
    expect(await at.over()).toBe("Carried out");
    // The same once more is held up: the core tells a page no more than that, and the phone tells the rest.
    await at.page.getByRole("button", { name: "New payment" }).click();
    await at.type(typed);
    await at.go();
    expect(await at.over()).toBe("The bank does not take this payment now");
    await context.close();
  },
  MOST_MS,
);
