import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import { join } from "node:path";
import { type PageServer, PATIENT_MS, servePages, startChild, tempFolder, testWith } from "@countersign/testing";
import { runOnce } from "@countersign/testing/child";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Browser, chromium } from "playwright-core";
import { PERMISSION } from "../rpc/permission.ts";
import { derivedToken } from "../rpc/token.ts";
import { servicesOf } from "../services.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { isOffered } from "./offered.ts";
import { serveWeb, type WebServing } from "./serve-web.ts";

const executablePath = process.env["COUNTERSIGN_CHROMIUM"] ?? "/usr/bin/chromium";
const present = existsSync(executablePath);
const browserTest = testWith("chromium", present);

const folder = tempFolder();
let world: CoreWorld;
let site: PageServer;
let web: WebServing;
let browser: Browser | undefined;

beforeAll(async () => {
  world = await CoreWorld.open();
  site = await servePages();
  const listen = { host: "127.0.0.1", port: 0 };
  web = await serveWeb(servicesOf(world.given), { listen, origins: [site.origin], tls: undefined });
  if (present) browser = await chromium.launch({ executablePath, timeout: PATIENT_MS });
});
afterAll(async () => {
  await browser?.close();
  await web.close(0);
  await site.close();
  await world.given.store.close();
});

const EMPTY = new Uint8Array(5);
const GET = "/countersign.core.v1.ConfirmationService/Get";

/** The token of a transaction that waits. */
async function waitingToken(): Promise<string> {
  return derivedToken(world.given.secrets, "confirmation", (await world.pending()).txId);
}

/** HTTP status and what stands in the body as text. */
async function post(
  path: string,
  headers: Readonly<Record<string, string>>,
  body = EMPTY,
  address = web.address,
): Promise<readonly [number, string]> {
  const all = { "content-type": "application/grpc-web+proto", ...headers };
  const response = await fetch(`http://${address}${path}`, { method: "POST", headers: all, body });
  return [response.status, Buffer.from(await response.arrayBuffer()).toString("latin1")];
}

test("programs, which send no origin, call with their token; pages of foreign origins are 403", async () => {
  const authorization = `Bearer ${await waitingToken()}`;
  expect(await post(GET, { authorization })).toEqual([200, expect.stringContaining("grpc-status:0")]);
  expect(await post(GET, { authorization, origin: site.origin })).toEqual([200, expect.stringContaining("status:0")]);
  for (const origin of ["null", "https://evil.example", `${site.origin}.evil.example`]) {
    expect(await post(GET, { authorization, origin })).toEqual([403, expect.stringContaining("not on the list")]);
  }
});

test("tokens rule: none, a wrong one and another's are refused as over gRPC", async () => {
  const { token: app } = await world.addApp(world.tenantId, "submit");
  for (const headers of [{}, { authorization: "Bearer cs_conf_wrong" }]) {
    expect((await post(GET, headers))[1]).toContain("grpc-status:16");
  }
  expect((await post(GET, { authorization: `Bearer ${app}` }))[1]).toContain("grpc-status:7");
});

test("requests are scanned before they are decoded, as over gRPC", async () => {
  const { token } = await world.addApp(world.tenantId, "submit");
  const unknownField = new Uint8Array([0, 0, 0, 0, 3, 0xf8, 0x07, 1]);
  const path = "/countersign.core.v1.TransactionService/Create";
  const [code, text] = await post(path, { authorization: `Bearer ${token}` }, unknownField);
  expect([code, text]).toEqual([200, expect.stringContaining("grpc-status:3")]);
  expect(text).toContain("127");
});

test("pages are offered what a token of a user's client opens, and nothing else", async () => {
  const offered = Object.keys(PERMISSION).filter((path) => isOffered(path));
  expect(offered).toEqual(
    expect.arrayContaining([
      "/countersign.core.v1.TransactionService/Create",
      "/countersign.core.v1.VerificationService/SubmitStatement",
      "/countersign.core.v1.ConfirmationService/Watch",
      "/countersign.core.v1.KeyService/FinishEnrolment",
    ]),
  );
  const { token } = await world.addApp(world.tenantId, "execute");
  for (const path of Object.keys(PERMISSION).filter((each) => !isOffered(each))) {
    const [, text] = await post(path, { authorization: `Bearer ${token}` });
    expect([path, text]).toEqual([path, expect.stringContaining("grpc-status:12")]);
  }
  expect(isOffered("/grpc.health.v1.Health/Check")).toBe(false);
});

browserTest("a page watches its transaction, withdraws it, and learns why it may not do so again", async () => {
  const page = await browser?.newPage();
  page?.setDefaultTimeout(PATIENT_MS);
  await page?.goto(site.origin);
  const script = `(async () => {
    const { createChannel, createClient, Metadata } = await import("nice-grpc-web");
    const { ConfirmationServiceDefinition } = await import("/file/proto/gen/web/countersign/core/v1/confirmation_service.ts");
    const channel = createChannel(${JSON.stringify(`http://${web.address}`)});
    const client = createClient(ConfirmationServiceDefinition, channel);
    const metadata = Metadata({ authorization: "Bearer ${await waitingToken()}" });
    const { lines, keyIds } = await client.get({}, { metadata });
    const classes = [];
    for await (const event of client.watch({}, { metadata })) {
      classes.push(event.class);
      if (classes.length === 1) await client.withdraw({}, { metadata });
      if (classes.length === 2) break;
    }
    const again = await client.resend({}, { metadata }).catch(({ code, details }) => ({ code, details }));
    return { lines: lines.length, keyIds, classes, again };
  })()`;
  const seen: object | undefined = await page?.evaluate(script);
  expect(seen).toMatchObject({ keyIds: [world.key.keyId], again: { code: 9, details: expect.any(String) } });
  expect(seen).toHaveProperty("lines", expect.any(Number));
  expect(new Set((seen as { classes: number[] }).classes).size).toBe(2);
});

describe("TLS", () => {
  const openssl = ["/usr/bin/openssl", "/bin/openssl"].find((path) => existsSync(path));
  const rootTest = testWith("openssl", openssl !== undefined);

  rootTest("with the certificate of the other listener it is TLS 1.3 here, too", async () => {
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    execFileSync(openssl ?? "", [...args, "-keyout", key, "-out", cert, ...names], { stdio: "pipe" });
    const listen = { host: "127.0.0.1", port: 0 };
    const secure = await serveWeb(servicesOf(world.given), {
      ...{ listen, origins: [site.origin], tls: { cert, key, clientCa: undefined } },
    });
    const ask = (maxVersion: "TLSv1.2" | "TLSv1.3"): Promise<number | string> =>
      new Promise((resolve) => {
        const options = { method: "POST", host: "127.0.0.1", path: GET, agent: false, rejectUnauthorized: false };
        const headers = { "content-type": "application/grpc-web+proto" };
        const port = Number(secure.address.split(":")[1]);
        const request = httpsRequest({ ...options, port, headers, maxVersion }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
        request.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
        request.end(EMPTY);
      });
    expect(await ask("TLSv1.3")).toBe(200);
    expect(await ask("TLSv1.2")).toBe("EPROTO");
    await secure.close(0);
  });
});

test("the program tells where pages may call, and the same services answer there", async () => {
  const folders = ["--data", join(folder, "data"), "--secrets", join(folder, "secrets")];
  const names = ["--tenant", "bank", "--issuer", "Example Bank", "--app", "shop:submit"];
  await runOnce("core/server/src/main.ts", ["bootstrap", ...folders, "--out", join(folder, "out"), ...names]);
  const listen = ["--listen", "127.0.0.1:0", "--web-listen", "127.0.0.1:0", "--web-origins", site.origin];
  const core = await startChild("core/server/src/main.ts", ["serve", ...folders, ...listen]);
  const address = String(core.ready["webAddress"]);
  expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
  const token = readFileSync(join(folder, "out", "shop.token"), "utf8").trim();
  const keys = "/countersign.core.v1.ReceiptService/GetVerificationKeys";
  const headers = { authorization: `Bearer ${token}`, origin: site.origin };
  expect(await post(keys, headers, EMPTY, address)).toEqual([200, expect.stringContaining("grpc-status:0")]);
  expect(await core.stop()).toBe(0);
});
