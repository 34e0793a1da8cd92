// Pages of the console as people look at them and hear them, and how far it is to why no code came.
import { PATIENT_MS, tempFolder, testWith } from "@countersign/testing";
import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import type { Page } from "playwright-core";
import { linkKey } from "../../identity/entity-key.ts";
import type { Link } from "../../identity/link.ts";
import { shardOfUser } from "../../store/entity.ts";
import type { Identity } from "../../testing/core-world.ts";
import { buildConsole } from "../../testing/built-console.ts";
import { ConsoleInBrowser, type Look } from "../../testing/console-in-browser.ts";
import { busyHour, takePictures } from "./pictures.ts";
import { addUser, attach, changeUser, failDelivery, furnish, addBot, type Scene } from "./scene.ts";
import { goTo, loggedIn, said, settled } from "./visit.ts";

const browserTest = testWith("chromium", ConsoleInBrowser.isThere);
const folder = tempFolder();
/** Where pictures for people go: `scripts/screenshots`. */
const pictures = process.env["COUNTERSIGN_PICTURES"];
let site: ConsoleInBrowser;
let scene: Scene;

beforeAll(async () => {
  if (!ConsoleInBrowser.isThere) return;
  site = await ConsoleInBrowser.open(buildConsole(folder));
  if (pictures !== undefined) await busyHour(site.opened.admins.world);
  scene = await furnish(site.opened.admins.world);
}, 400_000);
afterAll(() => site?.close());

const core = () => site.opened.admins.world;

const places = (): readonly (readonly [name: string, place: string])[] => [
  ["overview", "overview"],
  ["channels", "channels"],
  ["deliveries", "deliveries"],
  ["why", "deliveries/why?user=erika"],
  ["transactions", "transactions"],
  ["tampered", `transactions/${scene.tampered.txId}`],
  ["partial", `transactions/${scene.partial.txId}`],
  ["users", "users"],
  ["user", "users/erika"],
  ["changes", "changes"],
  ["policy", "policy"],
  ["webhooks", "webhooks"],
  ["webhook", `webhooks/${scene.endpointId}`],
  ["administrators", "administrators"],
  ["audit", "audit"],
];

/** Each language, light and dark, narrow and wide. */
const LOOKS: readonly (readonly [name: string, look: Look])[] = [
  ["en, light, 1280 px", { language: "en", scheme: "light", width: 1280 }],
  ["ar, dark, 320 px", { language: "ar", scheme: "dark", width: 320 }],
  ["de, light, 320 px", { language: "de", scheme: "light", width: 320 }],
  ["zh, dark, 1280 px", { language: "zh", scheme: "dark", width: 1280 }],
];

/** Of what is sent, compressed, until the first page stands there. */
const MOST_BYTES = 210_000;

browserTest("the first page takes less than 210 kB", async () => {
  const context = await loggedIn(site, site.opened.anna, { language: "ar" });
  const sent: Promise<number>[] = [];
  context.on("response", (response) => {
    if (response.request().method() !== "GET") return;
    sent.push(response.headerValue("content-length").then(Number));
  });
  await settled(await site.page(context));
  const bytes = await Promise.all(sent);
  expect(bytes.length).toBeGreaterThan(3);
  expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThan(MOST_BYTES);
  await context.close();
});

describe("axe finds nothing, and nothing scrolls sideways", () => {
  for (const [name, look] of LOOKS) {
    browserTest(
      name,
      async () => {
        const context = await loggedIn(site, site.opened.anna, look);
        const page = await site.page(context, "#/users");
        const faults: string[] = [];
        for (const [place, address] of places()) {
          await goTo(page, address);
          faults.push(...(await site.faultsOf(page, `${place}-${name.replaceAll(/\W+/g, "-")}`)));
        }
        await context.close();
        expect(faults).toEqual([]);
      },
      900_000,
    );
  }
});

if (pictures !== undefined) {
  browserTest("pictures of each page", () => takePictures(site, scene, pictures), 900_000);
}

/** What a user of this name needs for a reason, and what the page then says. */
interface Reason {
  readonly group: string;
  readonly says: string;
  readonly bring: (of: Identity) => Promise<void>;
}

async function changeLink(of: Identity, change: Partial<Link>): Promise<void> {
  const [linkId = ""] = (await core().user(of)).linkIds;
  const shard = shardOfUser(of.tenantId, of.userId);
  const { entities } = await core().given.store.load(shard, linkKey(of.tenantId, linkId));
  const [{ key, version: expected, body }] = entities;
  await core().commit(shard, [{ key, expected, body: { ...(body as Link), ...change } }]);
}

const REASONS: readonly Reason[] = [
  { group: "user", says: "The user is frozen", bring: (of) => changeUser(core(), of, { state: "FROZEN" }) },
  { group: "key", says: "The user has no active key", bring: (of) => changeUser(core(), of, { keyIds: [] }) },
  {
    group: "no-channel",
    says: "The user has linked no channel",
    bring: (of) => changeUser(core(), of, { linkIds: [] }),
  },
  {
    group: "chat",
    says: "The user blocked the bot or left the room",
    bring: (of) => changeLink(of, { state: "DEAD" }),
  },
  {
    group: "bot",
    says: "An administrator paused this bot",
    bring: async (of) => {
      const pausedBy = { actor: "admin:bob", at: core().given.store.now() };
      const botId = await addBot(core(), { name: "stopped-bot", platform: "sandbox", paused: true, pausedBy });
      await attach(core(), botId, {});
      await changeLink(of, { botId });
      await core().pending({ userId: of.userId });
    },
  },
  {
    group: "provider",
    says: "The provider did not take the message",
    bring: async (of) => {
      const [linkId = ""] = (await core().user(of)).linkIds;
      await failDelivery(core(), await core().pending({ userId: of.userId }), linkId);
    },
  },
  { group: "app", says: "The app created no transaction for this user within a day", bring: async () => undefined },
];

let anywhere: Page | undefined;

/** Somewhere else than where the answer is: one browser for all of them. */
async function atAudit(): Promise<Page> {
  anywhere ??= await site.page(await loggedIn(site, site.opened.anna), "#/users");
  await goTo(anywhere, "audit");
  return anywhere;
}

describe("no code came: from any page at most three clicks to the reason", () => {
  for (const { group, says, bring } of REASONS) {
    browserTest(group, async () => {
      const { of } = await addUser(core(), `asks-${group}`);
      await bring(of);
      const page = await atAudit();
      let clicks = 0;
      const click = async (role: "link" | "button", name: string): Promise<void> => {
        clicks += 1;
        await page.getByRole(role, { name, exact: true }).click();
      };
      await click("link", "Deliveries");
      await page.getByLabel("User’s name, whole").fill(of.userId);
      await click("button", "Tell me why");
      const answer = page.getByRole("region", { name: "The answer" });
      await answer.getByText(says).first().waitFor({ timeout: PATIENT_MS });
      expect(clicks).toBeLessThanOrEqual(3);
    });
  }

  browserTest("by the keyboard alone", async () => {
    const { of } = await addUser(core(), "asks-by-key");
    await changeUser(core(), of, { state: "SUSPENDED" });
    const page = await atAudit();
    await page.getByRole("link", { name: "Deliveries", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.getByLabel("User’s name, whole").focus();
    await page.keyboard.type(of.userId);
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: "The answer" }).getByText("The user is suspended.").waitFor();
    // What is read first is what the page is about.
    await page
      .locator("h1:focus")
      .getByText(said(`Why no code came to ${of.userId}`))
      .waitFor();
  });
});
