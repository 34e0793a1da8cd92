import { existsSync } from "node:fs";
import { PATIENT_MS, tempFolder, testWith } from "@countersign/testing";
import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { SignRequest } from "@countersign/proto/node/device/v1/device_service";
import { type Browser, chromium, type Page } from "playwright-core";
import { type PageRig, startPageRig } from "../testing/page-rig.ts";
import { inPage, PAIR } from "../testing/page-script.ts";
import { signRequest } from "../testing/rig.ts";
import { framed, pairOver } from "../testing/web-call.ts";

// What a real browser lets a page try against the daemon. Every attempt sends a Sign that the key would show; what a
// browser itself keeps from being sent counts as well, and the pages know a token that they should not have.

const executablePath = process.env["COUNTERSIGN_CHROMIUM"] ?? "/usr/bin/chromium";
const present = existsSync(executablePath);
const browserTest = testWith("chromium", present);

const folder = tempFolder();
let pages: PageRig;
let browser: Browser | undefined;
let page: Page;
let token: string;
let frame: string;

beforeAll(async () => {
  pages = await startPageRig(folder);
  pages.pinentry.will("yes");
  token = (await pairOver(pages.webPort, pages.bank.origin)) ?? "";
  frame = framed(SignRequest.encode(SignRequest.create(signRequest(pages.keyId))).finish()).toString("latin1");
  if (!present) return;
  const args = ["--host-resolver-rules=MAP rebound.example 127.0.0.1"];
  browser = await chromium.launch({ executablePath, args, timeout: PATIENT_MS });
  page = await browser.newPage();
  page.setDefaultTimeout(PATIENT_MS);
}, 400_000);
afterAll(async () => {
  await browser?.close();
  await pages.stop();
});

/** Runs a page's attempt to its end; what the page got, and what the key noticed. */
async function attempt(origin: string, body: string): Promise<{ got: unknown; reports: number; screens: number }> {
  await page.goto(origin);
  const { cable, rig } = pages;
  const [reports, screen] = [cable.log.length, await rig.hands.look()];
  const given = { sign: `http://127.0.0.1:${pages.webPort}/countersign.device.v1.DeviceService/Sign`, token, frame };
  // A beacon is on its way when its call returns; whatever else was sent has been answered.
  const settled = body.includes("sendBeacon") ? answered() : undefined;
  const got: unknown = await page.evaluate(`(async () => {
    const { sign, token, frame } = ${JSON.stringify(given)};
    const bytes = Uint8Array.from(frame, (letter) => letter.charCodeAt(0));
    const ended = (thing, ...events) => new Promise((done) => events.forEach((event) => thing.addEventListener(event, () => done(event))));
    ${body}
  })()`);
  await settled;
  const after = await rig.hands.look();
  return { got, reports: cable.log.length - reports, screens: after.version - screen.version };
}

/** Waits for the end of the next request, however it ends. */
async function answered(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const event of ["requestfailed", "requestfinished"] as const)
      page.once(event as "requestfailed", () => resolve());
  });
}

const NOTHING = { reports: 0, screens: 0 };
const OUR_TYPE = `"content-type": "application/grpc-web+proto"`;
const fetching = (options: string, target = "sign"): string =>
  `return await fetch(${target}, { method: "POST", body: bytes, ${options} }).then((answer) => answer.type + " " + answer.status, (error) => error.name);`;

describe("threat 17: a page of a foreign origin", () => {
  const attempts: readonly (readonly [name: string, body: string, got: unknown])[] = [
    [
      "fetch with the right type and a stolen token",
      fetching(`headers: { ${OUR_TYPE}, authorization: "Bearer " + token }`),
      "TypeError",
    ],
    ["fetch with cookies", fetching(`credentials: "include", headers: { ${OUR_TYPE} }`), "TypeError"],
    ["fetch of localhost", fetching(`headers: { ${OUR_TYPE} }`, `sign.replace("127.0.0.1", "localhost")`), "TypeError"],
    ["fetch of ::1", fetching(`headers: { ${OUR_TYPE} }`, `sign.replace("127.0.0.1", "[::1]")`), "TypeError"],
    [
      "fetch that asks no leave, by text/plain",
      fetching(`mode: "no-cors", headers: { "content-type": "text/plain" }`),
      "opaque 0",
    ],
    ["fetch that asks no leave, by our type", fetching(`mode: "no-cors", headers: { ${OUR_TYPE} }`), "opaque 0"],
    ["fetch without a type", fetching(`mode: "no-cors"`), "opaque 0"],
    ["fetch within its own origin only", fetching(`mode: "same-origin", headers: { ${OUR_TYPE} }`), "TypeError"],
    ["GET", `return await fetch(sign).then(() => "read", (error) => error.name);`, "TypeError"],
    [
      "sendBeacon of our type",
      `return navigator.sendBeacon(sign, new Blob([bytes], { type: "application/grpc-web+proto" }));`,
      true,
    ],
    ["sendBeacon of a form", `return navigator.sendBeacon(sign, new URLSearchParams({ a: "b" }));`, true],
    ["an image", `const image = new Image(); image.src = sign; return await ended(image, "load", "error");`, "error"],
    [
      "a script",
      `const script = document.createElement("script"); script.src = sign; document.head.append(script); return await ended(script, "load", "error");`,
      "error",
    ],
    ["a WebSocket", `return await ended(new WebSocket(sign.replace("http", "ws")), "open", "error");`, "error"],
    [
      "an event stream",
      `const source = new EventSource(sign); const how = await ended(source, "open", "error"); source.close(); return how;`,
      "error",
    ],
    [
      "a form into a frame",
      `const place = document.createElement("iframe"); place.name = "place";
       const form = document.createElement("form");
       Object.assign(form, { action: sign, method: "POST", enctype: "text/plain", target: "place" });
       const field = document.createElement("input"); Object.assign(field, { name: frame, value: "" }); form.append(field);
       document.body.append(place, form);
       const loaded = ended(place, "load"); form.submit(); return await loaded;`,
      "load",
    ],
    [
      "a page in a sandbox, whose origin is null",
      `const place = document.createElement("iframe"); place.sandbox = "allow-scripts";
       place.srcdoc = "<script>fetch(" + JSON.stringify(sign) + ", { method: 'POST', headers: { 'content-type': 'application/grpc-web+proto' } }).then(() => 'read', (error) => error.name).then((how) => parent.postMessage(how, '*'))</" + "script>";
       const answer = new Promise((done) => window.addEventListener("message", ({ data }) => done(data)));
       document.body.append(place); return await answer;`,
      "TypeError",
    ],
  ];
  for (const [name, body, got] of attempts) {
    browserTest(`${name}: nothing on the key, nothing to read`, async () => {
      expect(await attempt(pages.evil.origin, body)).toEqual({ got, ...NOTHING });
    });
  }

  browserTest("it may not even ask to be paired", async () => {
    await page.goto(pages.evil.origin);
    const asked = pages.pinentry.asked();
    const ask = `try { ${PAIR} } catch { return {}; }`;
    expect(await inPage(page, pages.webPort, ask)).not.toHaveProperty("token");
    expect(pages.pinentry.asked()).toEqual(asked);
  });
});

describe("threat 17: a listed page", () => {
  const status = `return await fetch(sign, { method: "POST", body: bytes, headers: { ${OUR_TYPE}, authorization: AUTH } })
    .then(async (answer) => /grpc-status:\\d+/.exec(await answer.text())[0], (error) => error.name);`;

  browserTest("without a token: nothing on the key", async () => {
    const body = status.replace("AUTH", `""`);
    expect(await attempt(pages.bank.origin, body)).toEqual({ got: "grpc-status:16", ...NOTHING });
  });

  browserTest("with the token of another listed page: nothing on the key", async () => {
    const body = status.replace("AUTH", `"Bearer " + token`);
    expect(await attempt(pages.shop.origin, body)).toEqual({ got: "grpc-status:16", ...NOTHING });
  });
});

describe("threat 17: a name that is rebound to this machine", () => {
  browserTest("is 421 to its own page, by GET and by every call that the page makes to its own origin", async () => {
    const own = `http://rebound.example:${pages.webPort}`;
    expect((await page.goto(own))?.status()).toBe(421);
    const { cable, rig } = pages;
    const [reports, screen] = [cable.log.length, await rig.hands.look()];
    const script = `fetch("/countersign.device.v1.DeviceService/Sign", {
      method: "POST", body: "x", headers: { ${OUR_TYPE}, authorization: ${JSON.stringify(`Bearer ${token}`)} },
    }).then(async (answer) => [answer.status, await answer.text()])`;
    expect(await page.evaluate(script)).toEqual([421, "This server does not answer for that host.\n"]);
    expect([cable.log.length - reports, (await rig.hands.look()).version - screen.version]).toEqual([0, 0]);
  });
});
