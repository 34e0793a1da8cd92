// What another page of the user's browser may try on the bank's: frame it, ask in its name, hand it script as a name. Beside
// the real page, in a real browser; what pages may do to the daemon is device-daemon/daemon/src/web/hostile-page.test.ts.
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect } from "@jest/globals";
import type { BrowserContext, Page } from "playwright-core";
import { newTyped, PayPage } from "./pay-page.ts";
import { browserTest, MOST_MS, WebWorld } from "./web-world.ts";

let world: WebWorld;
let mallory: Server;
beforeAll(async () => {
  world = await WebWorld.open();
  mallory = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Kittens</title>");
  });
  mallory.listen(0, "127.0.0.1");
  await once(mallory, "listening");
}, MOST_MS);
afterAll(async () => {
  mallory?.closeAllConnections();
  mallory?.close();
  await world?.close();
});

/** On the bank's own host name cookies go along, as they know no ports; on the other one they do not. */
async function malloryAt(context: BrowserContext, host: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`http://${host}:${(mallory.address() as AddressInfo).port}/`);
  return page;
}

async function loggedIn(): Promise<{ readonly context: BrowserContext; readonly at: PayPage }> {
  const context = await world.context();
  return { context, at: await PayPage.open(world, context) };
}

browserTest(
  "framed by another page it shows nothing that could be clicked",
  async () => {
    const { context } = await loggedIn();
    for (const host of ["localhost", "127.0.0.1"]) {
      const page = await malloryAt(context, host);
      const refused = page.waitForEvent("console", (message) => message.text().includes("frame-ancestors"));
      await page.evaluate(
        `document.body.append(Object.assign(document.createElement("iframe"), { src: "${world.origin}/" }))`,
      );
      await refused;
      const [, frame] = page.frames();
      expect(frame?.url()).not.toContain(world.origin);
      expect(await frame?.getByText("What do you want to pay?").count()).toBe(0);
    }
    await context.close();
  },
  MOST_MS,
);

browserTest(
  "another page asks the bank in the user's name, with his cookie or without: it reads nothing and changes nothing",
  async () => {
    const { context, at } = await loggedIn();
    for (const host of ["localhost", "127.0.0.1"]) {
      const page = await malloryAt(context, host);
      const asked = (path: string, mode: string, type: string, method = "POST"): Promise<string> =>
        page.evaluate<string>(
          `fetch("${world.origin}${path}", { method: "${method}", mode: "${mode}", credentials: "include",
            headers: { "content-type": "${type}" }, body: "${method}" === "GET" ? undefined : '{"requestId":"0123456789abcdef"}' })
            .then(async (answer) => (await answer.text()) || answer.type, (error) => error.name)`,
        );
      expect(await asked("/session", "cors", "text/plain", "GET")).toBe("TypeError");
      expect(await asked("/grant", "cors", "application/json")).toBe("TypeError");
      // Without asking leave: it is sent, refused for its origin, and the answer is kept from the page.
      for (const path of ["/grant", "/logout"]) expect(await asked(path, "no-cors", "text/plain")).toBe("TypeError");
      // Who opens it as a window gets no hand on it.
      const [opened] = await Promise.all([
        context.waitForEvent("page"),
        page.evaluate(`void (window.bank = open("${world.origin}/"))`),
      ]);
      await opened.getByRole("heading", { name: "What do you want to pay?" }).waitFor();
      expect(await opened.evaluate("window.opener")).toBeNull();
      expect(await page.evaluate("window.bank.closed")).toBe(true);
    }
    await at.page.reload();
    await at.page.getByRole("heading", { name: "What do you want to pay?" }).waitFor();
    await context.close();
  },
  MOST_MS,
);

browserTest(
  "script in a name is a name: shown letter by letter, or refused, and never run",
  async () => {
    const { context, at } = await loggedIn();
    const name = `<img src=x onerror=alert(1)>`;
    const complaints = world.complaints.length;
    let alerts = 0;
    at.page.on("dialog", (dialog) => {
      alerts += 1;
      void dialog.dismiss();
    });
    await at.page.getByLabel(/payment file/i).setInputFiles({
      name: `<svg onload=alert(3)>.xml`,
      mimeType: "application/xml",
      buffer: Buffer.from(`<svg:svg xmlns:svg="http://www.w3.org/2000/svg" onload="alert(4)"/>`),
    });
    await at.page.getByRole("alert").getByText("<svg onload=alert(3)>.xml").waitFor();
    expect(await at.page.locator("[role=alert] svg").count()).toBe(0);
    await at.page.getByRole("button", { name: "Type a payment instead" }).click();
    await at.type({ ...newTyped(), payee: name, reference: `"><script>alert(2)</script>` });
    await at.page.locator(".meant").getByText(name, { exact: true }).waitFor();
    expect(await at.page.locator(".meant img, .meant script").count()).toBe(0);
    expect(alerts).toBe(0);
    expect(world.complaints.slice(complaints)).toEqual([]);
    await context.close();
  },
  MOST_MS,
);

browserTest(
  "who logs in next in the same tab sees nothing of who was there before",
  async () => {
    const { context, at } = await loggedIn();
    const typed = newTyped();
    await at.pay(typed);
    expect(await at.over()).toBe("Carried out");
    await context.clearCookies();
    await at.page.reload();
    const bert = await PayPage.on(at.page, world, await world.bert());
    expect(await bert.page.locator(".outcome").count()).toBe(0);
    expect(await bert.page.content()).not.toContain(typed.reference);
    await context.close();
  },
  MOST_MS,
);
