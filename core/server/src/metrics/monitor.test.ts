// Readiness of a core as a process of its own: while it serves, while it drains, beside a taken port.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { connect, type ClientHttp2Session } from "node:http2";
import { request } from "node:https";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { startChild, tempFolder, testWith, type Child } from "@countersign/testing";
import { runOnce } from "@countersign/testing/child";
import { serveAdmin } from "./serve-admin.ts";

// Real processes, on a machine that may be busy.

const MAIN = "core/server/src/main.ts";
const root = tempFolder();
const folders = ["--data", join(root, "data"), "--secrets", join(root, "secrets")];
const children: Child[] = [];

async function serve(...args: string[]): Promise<Child> {
  const child = await startChild(MAIN, ["serve", ...folders, "--listen", "127.0.0.1:0", ...args]);
  children.push(child);
  return child;
}

beforeAll(async () => {
  const names = ["--tenant", "bank", "--issuer", "Example Bank", "--app", "shop:submit"];
  await runOnce(MAIN, ["bootstrap", ...folders, "--out", join(root, "out"), ...names]);
});
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.stop("SIGKILL")));
});

/** A stream whose other end takes nothing keeps a core draining. */
async function holdOpen(address: string): Promise<ClientHttp2Session> {
  const session = connect(`http://${address}`, { settings: { initialWindowSize: 0 } });
  session.on("error", () => undefined);
  const stream = session.request({
    ...{ ":method": "POST", ":path": "/grpc.health.v1.Health/Watch" },
    ...{ "content-type": "application/grpc", te: "trailers" },
  });
  stream.on("error", () => undefined);
  stream.end(Buffer.alloc(5));
  await once(stream, "response");
  return session;
}

describe("readyz and healthz", () => {
  test("say what they mean, from the start until the end", async () => {
    const core = await serve("--admin-listen", "127.0.0.1:0");
    const { address, adminAddress } = core.ready as { address: string; adminAddress: string };
    const ask = (page: string): Promise<Response> => fetch(`http://${adminAddress}${page}`);
    let ready = await ask("/readyz");
    // The first pass of the sweeper may still be under way.
    while (ready.status !== 200) {
      expect(await ready.json()).toEqual({ ready: false, because: ["sweeper"] });
      ready = await ask("/readyz");
    }
    const session = await holdOpen(address);
    core.process.kill("SIGTERM");
    let because: readonly string[];
    do {
      ready = await ask("/readyz");
      ({ because } = (await ready.json()) as { because: readonly string[] });
    } while (!because.includes("draining"));
    expect(ready.status).toBe(503);
    // On a machine that stands still for seconds the sweeper is late, too.
    expect(because.filter((why) => why !== "sweeper")).toEqual(["draining"]);
    expect((await ask("/healthz")).status).toBe(200);
    expect((await ask("/metrics")).status).toBe(200);
    const exit = once(core.process, "exit");
    session.destroy();
    expect(await exit).toEqual([0, null]);
    await expect(ask("/healthz")).rejects.toThrow("fetch failed");
  });

  test("are nowhere unless they are asked for", async () => {
    const core = await serve();
    expect(core.ready).not.toHaveProperty("adminAddress");
    const { address } = core.ready as { address: string };
    await expect(fetch(`http://${address}/metrics`)).rejects.toThrow("fetch failed");
  });

  test("a taken port stops the core, and leaves its folders free", async () => {
    const core = await serve("--admin-listen", "127.0.0.1:0");
    const { adminAddress } = core.ready as { adminAddress: string };
    const other = ["--data", join(root, "other"), "--secrets", join(root, "other-secrets")];
    const second = startChild(MAIN, ["serve", ...other, "--listen", "127.0.0.1:0", "--admin-listen", adminAddress]);
    await expect(second).rejects.toThrow("EADDRINUSE");
    const third = await startChild(MAIN, ["serve", ...other, "--listen", "127.0.0.1:0"]);
    children.push(third);
    expect(await third.stop()).toBe(0);
  });
});

const openssl = ["/usr/bin/openssl", "/bin/openssl", "/usr/local/bin/openssl"].find((path) => existsSync(path));
const peerTest = testWith("openssl", openssl !== undefined);

describe("check 29: beyond this machine", () => {
  peerTest("TLS alone, with a client certificate where one is asked for", async () => {
    const cert = join(root, "cert.pem");
    const key = join(root, "key.pem");
    const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    execFileSync(openssl ?? "", ["req", "-x509", ...made, ...name, "-keyout", key, "-out", cert], { stdio: "pipe" });
    const sources = { metrics: { text: async () => "a 1\n", contentType: "text/plain" }, unready: async () => [] };
    const at = { listen: { host: "127.0.0.1", port: 0 }, tls: { cert, key, clientCa: cert } };
    const serving = await serveAdmin(at, sources);
    const port = Number(serving.address.split(":")[1]);
    const ask = (more: object): Promise<number | string> =>
      new Promise((resolve) => {
        const asking = request({ host: "127.0.0.1", port, path: "/readyz", servername: "localhost", ...more });
        asking.on("error", ({ message }) => resolve(message));
        asking.on("response", (response) => resolve(response.resume().statusCode ?? 0));
        asking.end();
      });
    const pem = readFileSync(cert);
    const known = { ca: pem, cert: pem, key: readFileSync(key) };
    expect(await ask(known)).toBe(200);
    expect(await ask({ ca: pem })).toEqual(expect.any(String));
    expect(await ask({ ...known, maxVersion: "TLSv1.2" })).toEqual(expect.any(String));
    await expect(fetch(`http://${serving.address}/readyz`)).rejects.toThrow("fetch failed");
    await serving.close();
  });
});
