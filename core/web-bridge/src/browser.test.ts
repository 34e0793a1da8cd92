import { existsSync } from "node:fs";
import { type PageServer, PATIENT_MS, servePages, testWith } from "@countersign/testing";
import { afterAll, beforeAll, beforeEach, expect } from "@jest/globals";
import { type Browser, chromium, type Page } from "playwright-core";
import { type BridgeRig, startBridge } from "./testing/bridge-rig.ts";
import { FAILURE } from "./testing/sample-service.ts";

const executablePath = process.env["COUNTERSIGN_CHROMIUM"] ?? "/usr/bin/chromium";
const present = existsSync(executablePath);
const browserTest = testWith("chromium", present);

let site: PageServer;
let rig: BridgeRig;
let browser: Browser | undefined;
let page: Page;

beforeAll(async () => {
  site = await servePages();
  rig = await startBridge({ origins: new Set([site.origin]), withoutOrigin: false });
  if (present) browser = await chromium.launch({ executablePath, timeout: PATIENT_MS });
});
afterAll(async () => {
  await browser?.close();
  await rig.stop();
  await site.close();
});
beforeEach(async () => {
  if (browser === undefined) return;
  page = await browser.newPage();
  page.setDefaultTimeout(PATIENT_MS);
  await page.goto(site.origin);
});

/** Runs the body of an async function in the page, with `client` of the samples, `Metadata` and `messages` at hand. */
function inPage<T>(body: string, at: Page = page): Promise<T> {
  return at.evaluate(`(async () => {
    const { sampleClient } = await import("/file/core/web-bridge/src/testing/sample-client.ts");
    const { Metadata } = await import("nice-grpc-web");
    const client = sampleClient(${JSON.stringify(rig.url)});
    const messages = [];
    const end = (error) => ({ messages, name: error.name, code: error.code, words: error.details });
    ${body}
  })()`);
}

browserTest("a page calls, with a token and a preflight before", async () => {
  const metadata = `Metadata({ authorization: "Bearer page" })`;
  expect(await inPage(`return await client.one({ text: "hi" }, { metadata: ${metadata} });`)).toEqual({ text: "hi!" });
  const arrived = rig.happened.metadata.at(-1);
  expect(arrived?.getMap()).toEqual({ origin: site.origin, authorization: "Bearer page" });
});

browserTest("a page reads a stream", async () => {
  const body = `for await (const { text } of client.many({ text: "count 5" })) messages.push(text); return messages;`;
  expect(await inPage(body)).toEqual(["0", "1", "2", "3", "4"]);
});

browserTest("a page learns how a stream failed: code, words beyond ASCII, details", async () => {
  const body = `let trailer;
    const onTrailer = (given) => (trailer = given);
    try { for await (const { text } of client.many({ text: "fail 2" }, { onTrailer })) messages.push(text); }
    catch (error) { return { ...end(error), details: [...trailer.get("grpc-status-details-bin")] }; }`;
  expect(await inPage(body)).toEqual({
    messages: ["0", "1"],
    name: "ClientError",
    code: FAILURE.code,
    words: FAILURE.message,
    details: [...FAILURE.bytes],
  });
});

browserTest("a page that aborts cancels its call at the server", async () => {
  const cancelled = new Promise<void>((resolve) => (rig.happened.onCancelled = resolve));
  const body = `const leaving = new AbortController();
    try { for await (const _ of client.many({ text: "hold 1" }, { signal: leaving.signal })) leaving.abort(); }
    catch (error) { return error.name; }`;
  expect(await inPage(body)).toBe("AbortError");
  await cancelled;
});

browserTest("a page that is closed cancels its calls at the server", async () => {
  const cancelled = new Promise<void>((resolve) => (rig.happened.onCancelled = resolve));
  const before = rig.happened.peers.length;
  void inPage(`for await (const _ of client.many({ text: "hold 1" })) continue;`).catch(() => undefined);
  while (rig.happened.peers.length === before) await new Promise((resolve) => setImmediate(resolve));
  await page.close();
  await cancelled;
});

browserTest("a page's deadline ends its call", async () => {
  const metadata = `Metadata({ "grpc-timeout": "100m" })`;
  const body = `return await client.one({ text: "never" }, { metadata: ${metadata} }).catch(end);`;
  expect(await inPage(body)).toMatchObject({ code: 4, words: "the deadline of the call has passed" });
});

browserTest("a page that reads slowly gets all of it", async () => {
  const body = `let length = 0;
    for await (const { text } of client.many({ text: "large 200" })) {
      length += text.length;
      if (length % (1 << 20) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return length;`;
  expect(await inPage(body)).toBe(200 * 16 * 1024);
});

browserTest("a page of another origin reaches no method and reads no answer", async () => {
  const other = await servePages();
  const foreign = await browser?.newPage();
  foreign?.setDefaultTimeout(PATIENT_MS);
  await foreign?.goto(other.origin);
  const before = rig.happened.peers.length;
  const body = `return await client.one({ text: "hi" }).then(() => "answered", () => "nothing");`;
  expect(await inPage(body, foreign)).toBe("nothing");
  expect(rig.happened.peers.length).toBe(before);
  await other.close();
});
