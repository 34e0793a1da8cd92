import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { AT_ONCE_MS, PATIENT_MS, ROOT, startChild, tempFolder, testWith } from "@countersign/testing";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { decodeStatement, fromHex, parseSigned, toHex } from "@countersign/protocol";
import { type Browser, chromium, type Page } from "playwright-core";
import { runPairingCommand } from "../pairing/pairing-command.ts";
import { type PageRig, startPageRig } from "../testing/page-rig.ts";
import { inPage, PAIR } from "../testing/page-script.ts";
import { PIN, SERVER_ID, signRequest } from "../testing/rig.ts";
import { DEVICE, framed, GRPC_WEB, PAIRING, pairOver, type WebAnswer, webCall } from "../testing/web-call.ts";

// Pages of listed origins in a real browser, with the generated code, against a daemon and an emulated key.

const executablePath = process.env["COUNTERSIGN_CHROMIUM"] ?? "/usr/bin/chromium";
const present = existsSync(executablePath);
const browserTest = testWith("chromium", present);
const CODE = "482915";

const folder = tempFolder();
let pages: PageRig;
let browser: Browser | undefined;

beforeAll(async () => {
  pages = await startPageRig(folder);
  if (present) browser = await chromium.launch({ executablePath, timeout: PATIENT_MS });
}, 400_000);
afterAll(async () => {
  await browser?.close();
  await pages.stop();
});

async function pageAt(origin: string): Promise<Page> {
  const page = await browser?.newPage();
  page?.setDefaultTimeout(PATIENT_MS);
  if (page === undefined) throw new Error("there is no browser");
  await page.goto(origin);
  return page;
}

const within = <T>(page: Page, body: string): Promise<T> => inPage<T>(page, pages.webPort, body);

async function paired(page: Page): Promise<string> {
  pages.pinentry.will("yes");
  return (await within<{ token: string }>(page, PAIR)).token;
}

/** The body that watches the keys, and says how that ended. */
const watchBody = (token: string): string => `let seen = 0;
    try { for await (const _ of device.watchKeys({}, bearer("${token}"))) globalThis.seen = ++seen; }
    catch (error) { return endOf(error); }`;

/** Flags of a further daemon, with places of its own. */
const ownPlaces = (name: string): string[] => [
  "--socket",
  join(folder, name, "d.sock"),
  "--key-socket",
  join(folder, "none"),
];

/** The body that signs and says what came. */
function signBody(token: string, transactionId: string): string {
  const { nonce, content } = signRequest(pages.keyId);
  return `const steps = [];
    const request = {
      keyIds: ["${pages.keyId}"], serverId: "${SERVER_ID}", transactionId: "${transactionId}", mode: 1, expiresInS: 300,
      nonce: bytesOf("${toHex(nonce ?? new Uint8Array(0))}"), content: bytesOf("${toHex(content ?? new Uint8Array(0))}"),
      requester: "the user's bank",
    };
    try {
      for await (const { event } of device.sign(request, bearer("${token}"))) {
        if (event.$case === "step") steps.push(event.value);
        else return { steps, signed: hexOf(event.value.signedStatement) };
      }
    } catch (error) { return endOf(error); }`;
}

browserTest(
  "D4: page and daemon show the same digits; the user agrees, and the page lists and watches the keys",
  async () => {
    const page = await pageAt(pages.bank.origin);
    const refused = `return await device.listKeys({}).catch(endOf);`;
    expect(await within(page, refused)).toMatchObject({ code: 16, details: expect.stringContaining("not paired") });
    pages.pinentry.will("yes");
    const { digits, token } = await within<{ digits: string; token: string }>(page, PAIR);
    const asked = pages.pinentry.heard().findLast((line) => line.startsWith("SETDESC ")) ?? "";
    expect(digits).toMatch(/^[0-9]{6}$/);
    expect(asked).toContain(`${digits.slice(0, 3)} ${digits.slice(3)}`);
    expect(asked).toContain(pages.bank.origin);
    const list = `return (await device.listKeys({}, bearer("${token}"))).keys.map(({ deviceId }) => deviceId);`;
    expect(await within(page, list)).toEqual(["TEST-1"]);
    const watch = `for await (const { keys } of device.watchKeys({}, bearer("${token}"))) return keys.length;`;
    expect(await within(page, watch)).toBe(1);
    await page.close();
  },
);

browserTest("D4: where the user refuses there is no token, and after three times no more question", async () => {
  const page = await pageAt(pages.shop.origin);
  pages.pinentry.will("cancel", "cancel", "cancel", "yes");
  const pair = PAIR.replace("return {", "return await {");
  const refused = `try { ${pair} } catch (error) { return endOf(error); }`;
  const before = pages.pinentry.heard().filter((line) => line === "CONFIRM").length;
  for (let i = 0; i < 3; i++) expect(await within(page, refused)).toMatchObject({ code: 7 });
  expect(await within(page, refused)).toMatchObject({ code: 8 });
  expect(pages.pinentry.heard().filter((line) => line === "CONFIRM").length - before).toBe(3);
  await page.close();
});

browserTest("D4: an open stream of a page ends when its pairing does, by its own call or by the program", async () => {
  const page = await pageAt(pages.bank.origin);
  const ended = { code: 16, details: "the pairing of this page was ended" };
  const first = await paired(page);
  const watching = within(page, watchBody(first));
  await page.waitForFunction("globalThis.seen === 1");
  expect(await within(page, `return await pairing.unpair({}, bearer("${first}"));`)).toEqual({});
  expect(await watching).toMatchObject(ended);
  expect(await within(page, `return await device.listKeys({}, bearer("${first}")).catch(endOf);`)).toMatchObject({
    code: 16,
  });

  const second = await paired(page);
  await within(page, "globalThis.seen = 0;");
  const again = within(page, watchBody(second));
  await page.waitForFunction("globalThis.seen === 1");
  const program = ["--conditions=source", "device-daemon/daemon/src/main.ts", "--state", pages.state];
  const run = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)(process.execPath, [...program, ...args], { cwd: ROOT })).stdout;
  expect(await run("--list-pairings")).toContain(pages.bank.origin);
  expect(await run("--unpair", pages.bank.origin)).toMatch(/^\d+ pairings? ended\n$/);
  expect(await again).toMatchObject(ended);
  expect(await run("--list-pairings")).toBe("no page is paired\n");
  await page.close();
});

browserTest(
  "a page signs: pages, PIN and code on the key, the statement comes back; the daemon names the page, not what it says of itself",
  async () => {
    const page = await pageAt(pages.bank.origin);
    const token = await paired(page);
    const transactionId = "11".repeat(16);
    const signing = within<{ steps: number[]; signed: string }>(page, signBody(token, transactionId));
    const { hands } = pages.rig;
    await hands.readPages();
    await hands.until("pin");
    await hands.type(PIN);
    await hands.until("code");
    await hands.type(CODE);
    const { steps, signed } = await signing;
    const statement = decodeStatement(parseSigned(fromHex(signed)).payload);
    expect(statement).toMatchObject({ decision: 1, shown: 1, codeEntry: 1, userVerification: 1 });
    expect(toHex(statement.txId)).toBe(transactionId);
    expect(steps.length).toBeGreaterThan(2);
    const log = pages.rig.daemon.output();
    expect(log).toContain(`"requester":"page ${pages.bank.origin}"`);
    expect(log).not.toContain("the user's bank");
    expect(log).not.toContain(token);
    expect(log).not.toContain(CODE);
    await page.close();
  },
);

browserTest("D8: a page that is closed leaves the key idle at once", async () => {
  const page = await pageAt(pages.bank.origin);
  const token = await paired(page);
  const gone = within(page, signBody(token, "22".repeat(16))).catch(() => undefined);
  await pages.rig.hands.until("pages");
  const from = performance.now();
  await page.close();
  await pages.rig.hands.until("idle");
  expect(performance.now() - from).toBeLessThan(AT_ONCE_MS);
  await gone;
});

browserTest(
  "D8: another page, and another program, neither see nor cancel nor answer what this one began",
  async () => {
    const page = await pageAt(pages.bank.origin);
    const token = await paired(page);
    const other = await pageAt(pages.bank.origin);
    const second = await paired(other);
    const transactionId = "33".repeat(16);
    const signing = within(page, signBody(token, transactionId));
    const { hands, client } = pages.rig;
    await hands.until("pages");
    const meddle = `await device.cancel({ transactionId: "${transactionId}" }, bearer("${second}"));
    return await device.answer({ transactionId: "${transactionId}", code: "${CODE}" }, bearer("${second}")).catch(endOf);`;
    expect(await within(other, meddle)).toMatchObject({
      code: 9,
      details: expect.stringContaining("no Sign of this client"),
    });
    await client.cancel(transactionId);
    expect((await hands.look()).page).toBe("pages");
    // The code of a key with a keypad goes by no RPC, over web no more than over the socket.
    const own = `return await device.answer({ transactionId: "${transactionId}", code: "${CODE}" }, bearer("${token}")).catch(endOf);`;
    expect(await within(page, own)).toMatchObject({ code: 9, details: expect.stringContaining("keypad") });
    await within(page, `await device.cancel({ transactionId: "${transactionId}" }, bearer("${token}"));`);
    expect(await signing).toMatchObject({ code: 10, details: expect.stringMatching(/cancelled/i) });
    await hands.until("idle");
    await Promise.all([page.close(), other.close()]);
  },
);

test("D4: a pairing survives the daemon; a second daemon on the port is refused and says so", async () => {
  pages.pinentry.will("yes");
  const { origin } = pages.bank;
  const token = (await pairOver(pages.webPort, origin)) ?? "";
  const state = ["--web-origin", origin, "--state", pages.state];
  const taken = startChild("device-daemon/daemon/src/main.ts", [
    ...ownPlaces("b"),
    ...state,
    "--web-port",
    String(pages.webPort),
  ]);
  await expect(taken).rejects.toThrow("EADDRINUSE");
  const next = await startChild("device-daemon/daemon/src/main.ts", [...ownPlaces("a"), ...state, "--web-port", "0"]);
  const asked = {
    path: `${DEVICE}/ListKeys`,
    headers: { ...GRPC_WEB, origin, authorization: `Bearer ${token}` },
    body: framed(),
  };
  expect(await webCall(Number(next.ready["webPort"]), asked)).toMatchObject({ http: 200, status: 0 });
  expect(await next.stop()).toBe(0);
});

test("D4: a page ends its own pairing; the program lists and ends pairings, and says what it does not know", async () => {
  const { origin } = pages.bank;
  pages.pinentry.will("yes", "yes");
  const tokens = [await pairOver(pages.webPort, origin), await pairOver(pages.webPort, origin)];
  const call = (path: string, token: string | undefined): Promise<WebAnswer> =>
    webCall(pages.webPort, { path, headers: { ...GRPC_WEB, origin, authorization: `Bearer ${token}` } });
  expect(await call(`${PAIRING}/Unpair`, tokens[0])).toMatchObject({ status: 0 });
  expect(await call(`${DEVICE}/ListKeys`, tokens[0])).toMatchObject({ status: 16 });
  expect(await call(`${DEVICE}/ListKeys`, tokens[1])).toMatchObject({ status: 0 });
  const state = ["--state", pages.state];
  const [row = ""] = runPairingCommand(["--list-pairings", ...state], {}).slice(-1);
  expect(row).toMatch(/^[0-9a-f]{16}  20\d\d-\d\d-\d\dT\d\d:\d\dZ  http:/);
  expect(runPairingCommand(["--unpair", row.slice(0, 16), ...state], {})).toEqual(["1 pairing ended"]);
  expect(await call(`${DEVICE}/ListKeys`, tokens[1])).toMatchObject({ status: 16 });
  expect(() => runPairingCommand(["--unpair", "https://nobody.example", ...state], {})).toThrow("no such pairing");
});
