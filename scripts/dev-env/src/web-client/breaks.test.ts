// Whatever breaks while a payment is on its way, the page ends in a state that is true and says what to do.
import { afterAll, beforeAll, expect } from "@jest/globals";
import type { Desk } from "../desk.ts";
import { whileSitting } from "../person/sit.ts";
import { meantBy, newTyped, PayPage, personAt, type TypedPayment } from "./pay-page.ts";
import { browserTest, MOST_MS, WebWorld } from "./web-world.ts";

let world: WebWorld;
let bert: Desk;
beforeAll(async () => {
  // The shortest life that a policy can give.
  world = await WebWorld.open({ policy: { lifetimeS: 30, lifetimePerPageS: 0 } });
  bert = await world.bert();
  const context = await world.context();
  const at = await PayPage.open(world, context);
  await at.pay(newTyped());
  await world.remember(context);
  await context.close();
}, MOST_MS);
afterAll(() => world?.close());

/** A page whose payment is at the key, which shows its first line. */
async function atTheKey(desk: Desk): Promise<{ readonly at: PayPage; readonly typed: TypedPayment }> {
  const at = await PayPage.open(world, await world.context(), { desk });
  const typed = newTyped();
  await at.type(typed);
  await at.go();
  await at.waitsFor("Look at your key");
  await at.keyShows("pages");
  return { at, typed };
}

// First: a user is prompted five times a minute at most, and while this one runs out the minute passes.
browserTest(
  "nobody confirms it: its time runs out, told aloud before, and nothing was sent",
  async () => {
    const { at } = await atTheKey(world.desk);
    await at.page.locator("[aria-live]", { hasText: /\b(?:10|[1-9])\W* seconds left/ }).waitFor({ state: "attached" });
    expect(await at.over()).toBe("The time ran out");
    await at.page.getByRole("button", { name: "Ask for it again" }).waitFor();
    await at.page.context().close();
  },
  MOST_MS,
);

browserTest(
  "loaded anew while the key asks: the same payment goes on, and a further load tells how it ended",
  async () => {
    const { at, typed } = await atTheKey(world.desk);
    const tag = await at.page.locator(".meant .tag").innerText();
    expect(await at.page.evaluate("JSON.stringify({ ...sessionStorage })")).toContain("cs_");
    await whileSitting(personAt(world.desk, meantBy(typed)), async () => {
      await at.page.reload();
      expect(await at.over()).toBe("Carried out");
    });
    expect(await at.page.locator(".meant .tag").innerText()).toBe(tag);
    expect(await at.page.evaluate("JSON.stringify({ ...sessionStorage })")).not.toContain("cs_");
    await at.page.reload();
    expect(await at.over()).toBe("Carried out");
    await at.page.getByText(/Receipt .* verified/).waitFor();
    await at.page.context().close();
  },
  MOST_MS,
);

browserTest(
  "left by the back button and come back to: the same payment goes on",
  async () => {
    const { at, typed } = await atTheKey(bert);
    await at.page.goto("about:blank");
    await whileSitting(personAt(bert, meantBy(typed)), async () => {
      await at.page.goBack();
      expect(await at.over()).toBe("Carried out");
    });
    await at.page.context().close();
  },
  MOST_MS,
);

browserTest(
  "a second tab says that another one pays, and a copy of the tab waits and takes over",
  async () => {
    const { at } = await atTheKey(world.desk);
    const context = at.page.context();
    const second = await PayPage.open(world, context, { desk: world.desk });
    await second.page.getByText("Another tab of this browser has a payment on its way").waitFor();
    // A tab that was duplicated has the first one's storage.
    const kept = await at.page.evaluate<string>("sessionStorage.getItem('countersign.payment')");
    await second.page.evaluate(`sessionStorage.setItem('countersign.payment', ${JSON.stringify(kept)})`);
    await second.page.reload();
    await second.waitsFor("goes on in another tab");
    await at.page.close();
    await second.waitsFor("Look at your key");
    await second.page.getByRole("button", { name: "Withdraw" }).click();
    expect(await second.over()).toBe("Withdrawn");
    await context.close();
  },
  MOST_MS,
);

browserTest(
  "the network is lost and comes back: the page says so, and tells the end",
  async () => {
    const { at, typed } = await atTheKey(bert);
    await at.page.context().setOffline(true);
    await at.page.getByText("This PC is offline").waitFor();
    await at.page.context().setOffline(false);
    await at.page.getByText("This PC is offline").waitFor({ state: "detached" });
    await whileSitting(personAt(bert, meantBy(typed)), async () => expect(await at.over()).toBe("Carried out"));
    await at.page.context().close();
  },
  MOST_MS,
);

browserTest(
  "the core is killed and starts again while the key asks: the payment goes on to its end",
  async () => {
    const { at, typed } = await atTheKey(bert);
    await world.restartCore();
    await whileSitting(personAt(bert, meantBy(typed)), async () => expect(await at.over()).toBe("Carried out"));
    await at.page.context().close();
  },
  MOST_MS,
);

browserTest(
  "the daemon is killed while the key asks: withdrawn, nothing was sent; started again, the same page pays",
  async () => {
    const { at, typed } = await atTheKey(bert);
    await world.killDaemon();
    expect(await at.over()).toBe("Ended");
    expect(await at.page.locator(".outcome").innerText()).toContain("Nothing was sent");
    await at.page.getByRole("button", { name: "Ask for it again" }).click();
    await at.page.getByText("No daemon answers at this port").waitFor();
    await at.page.getByText("Key not found?").click();
    await at.page.getByText("countersign doctor").waitFor();
    await world.startDaemon();
    await whileSitting(personAt(bert, meantBy(typed)), async () => {
      // It looks by itself whether the key has come.
      expect(await at.over()).toBe("Carried out");
    });
    await at.page.context().close();
  },
  MOST_MS,
);
