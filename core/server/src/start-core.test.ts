import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:http2";
import { connect as connectTls } from "node:tls";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { Client, credentials, status, type ChannelCredentials } from "@grpc/grpc-js";
import { startChild, tempFolder, testWith, type Child } from "@countersign/testing";
import { bearer, endedBy, type Ended } from "./testing/serve-world.ts";

// Each of these starts real processes, on a machine that may be busy.

const MAIN = "core/server/src/main.ts";
const root = tempFolder();
const at = (name: string): string => join(root, name);
const folders = ["--data", at("data"), "--secrets", at("secrets")];
const children: Child[] = [];

async function serve(...args: string[]): Promise<Child> {
  const child = await startChild(MAIN, ["serve", ...folders, "--listen", "127.0.0.1:0", ...args]);
  children.push(child);
  return child;
}

function run(...args: string[]): { code: number; out: string; err: string } {
  try {
    const argv = ["--conditions=source", "--disable-warning=ExperimentalWarning", join(process.cwd(), MAIN), ...args];
    return { code: 0, out: execFileSync(process.execPath, argv, { encoding: "utf8", stdio: "pipe" }), err: "" };
  } catch (error) {
    const {
      status: code = 1,
      stdout = "",
      stderr = "",
    } = error as { status?: number; stdout?: string; stderr?: string };
    return { code, out: stdout, err: stderr };
  }
}

let token: string;
let first: { serverId: string; corePublicKey: string };

beforeAll(() => {
  const names = ["--tenant", "bank", "--issuer", "Example Bank", "--app", "shop:submit", "--bot", "phone:sandbox"];
  const { code, out, err } = run("bootstrap", ...folders, "--out", at("out"), ...names);
  if (code !== 0) throw new Error(err);
  first = JSON.parse(out) as typeof first;
  token = readFileSync(at("out/shop.token"), "utf8").trim();
});
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.stop("SIGKILL")));
});

const raw = (bytes: Buffer): Buffer => bytes;

function ask(
  address: string,
  path: string,
  using: ChannelCredentials,
  bearerToken?: string,
): Promise<Ended | { code: 0; response: Buffer }> {
  const client = new Client(address, using);
  return new Promise((resolve) => {
    const options = { deadline: Date.now() + 60_000 };
    client.makeUnaryRequest(path, raw, raw, Buffer.alloc(0), bearer(bearerToken), options, (error, response) => {
      client.close();
      resolve(error === null ? { code: 0, response: response ?? Buffer.alloc(0) } : endedBy(error));
    });
  });
}

describe("serve", () => {
  test("prints where it listens, answers, is healthy, and ends on SIGTERM", async () => {
    const core = await serve();
    const { address, ...ids } = core.ready as { address: string };
    expect(ids).toEqual({ ready: true, serverId: first.serverId, corePublicKey: first.corePublicKey });
    const plain = credentials.createInsecure();
    expect(await ask(address, "/grpc.health.v1.Health/Check", plain)).toEqual({
      code: 0,
      response: Buffer.from([8, 1]),
    });
    const get = "/countersign.core.v1.UserService/Get";
    expect(await ask(address, get, plain, token)).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(await ask(address, get, plain)).toMatchObject({ code: status.UNAUTHENTICATED });
    expect(await core.stop()).toBe(0);
    expect(core.output()).not.toContain(token);
  });

  test("serves reflection on a development core alone", async () => {
    const path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    const ended = async (...args: string[]): Promise<{ code: number; text: string }> => {
      const core = await serve(...args);
      const client = new Client((core.ready as { address: string }).address, credentials.createInsecure());
      const stream = client.makeBidiStreamRequest(path, raw, raw);
      const done = new Promise<{ code: number; text: string }>((resolve) => {
        let text = "";
        stream.on("data", (bytes: Buffer) => (text += bytes.toString("latin1")));
        stream.on("error", () => undefined);
        stream.on("status", ({ code }: { code: number }) => resolve({ code, text }));
      });
      stream.write(Buffer.from([0x3a, 1, 0x2a])); // list_services
      stream.end();
      const result = await done;
      client.close();
      await core.stop();
      return result;
    };
    expect((await ended()).code).toBe(status.UNIMPLEMENTED);
    const { code, text } = await ended("--development");
    expect(code).toBe(status.OK);
    expect(text).toContain("countersign.core.v1.TransactionService");
  });

  test("ends streams with a hint to resume when it drains", async () => {
    const path = "/countersign.core.v1.ExecutionService/ClaimNext";
    const names = ["--tenant", "bank", "--issuer", "Example Bank", "--app", "exec:execute"];
    expect(run("bootstrap", ...folders, "--out", at("out"), ...names).code).toBe(0);
    const again = await serve("--development");
    const stream = new Client((again.ready as { address: string }).address, credentials.createInsecure());
    const executor = readFileSync(at("out/exec.token"), "utf8").trim();
    const offers = stream.makeServerStreamRequest(path, raw, raw, Buffer.alloc(0), bearer(executor));
    const ended = new Promise<Ended>((resolve) => {
      offers.on("error", (error) => resolve(endedBy(error as Parameters<typeof endedBy>[0])));
    });
    offers.resume();
    await new Promise<void>((resolve) => offers.once("metadata", () => resolve()));
    const gone = again.stop();
    expect(await ended).toMatchObject({ code: status.UNAVAILABLE, metadata: { resume: "cursor" } });
    expect(await gone).toBe(0);
    stream.close();
  });

  test("a caller that takes nothing more from its stream does not keep the core from ending", async () => {
    const core = await serve();
    // With no room for data, not even the end of the stream arrives; the connection stays.
    const session = connect(`http://${(core.ready as { address: string }).address}`, {
      settings: { initialWindowSize: 0 },
    });
    session.on("error", () => undefined);
    const stream = session.request({
      ...{ ":method": "POST", ":path": "/grpc.health.v1.Health/Watch" },
      ...{ "content-type": "application/grpc", te: "trailers" },
    });
    stream.on("error", () => undefined);
    stream.end(Buffer.alloc(5));
    await once(stream, "response");
    expect(await core.stop()).toBe(0);
    session.destroy();
  }, 400_000);

  test("a second core on the data folder, and a bootstrap beside a core, are refused", async () => {
    const core = await serve();
    const second = run("serve", ...folders, "--listen", "127.0.0.1:0");
    expect(second.code).not.toBe(0);
    expect(second.err).toContain("in use by another core");
    const beside = run("bootstrap", ...folders, "--out", at("out"), "--tenant", "bank", "--issuer", "Example Bank");
    expect(beside.code).not.toBe(0);
    expect(beside.err).toContain("in use by another core");
    await core.stop();
  });

  test("a core that was killed leaves nothing that stops the next one", async () => {
    const core = await serve();
    await core.stop("SIGKILL");
    const next = await serve();
    expect(await next.stop()).toBe(0);
  });
});

test("verify-audit finds the chains whole, beside a core that runs", async () => {
  await serve();
  const { code, out } = run("verify-audit", ...folders);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ ok: true, findings: [] });
  expect((JSON.parse(out) as { entities: number }).entities).toBeGreaterThan(3);
});

describe("usage", () => {
  test.each([
    [[], 64, "Usage"],
    [["serve"], 78, "COUNTERSIGN_DATA"],
    [["bootstrap", ...folders], 78, "COUNTERSIGN_OUT"],
  ])("%j exits %d", (args, code, text) => {
    const ended = run(...args);
    expect(ended.code).toBe(code);
    expect(ended.err).toContain(text);
  });

  test("--help names every variable", () => {
    expect(run("--help").out).toContain("COUNTERSIGN_TLS_CLIENT_CA");
  });
});

const openssl = ["/usr/bin/openssl", "/bin/openssl", "/usr/local/bin/openssl"].find((path) => existsSync(path));

function ssl(...args: string[]): void {
  execFileSync(openssl ?? "openssl", args, { cwd: root, stdio: "pipe" });
}

describe("check 29: TLS", () => {
  const rootTest = testWith("openssl", openssl !== undefined);
  rootTest("1.3 alone, and client certificates where configured", async () => {
    for (const name of ["ca", "server", "client"])
      ssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", `${name}.key`);
    ssl("req", "-x509", "-new", "-key", "ca.key", "-subj", "/CN=ca", "-days", "2", "-out", "ca.pem");
    for (const name of ["server", "client"]) {
      ssl(
        "req",
        "-new",
        "-key",
        `${name}.key`,
        "-subj",
        `/CN=localhost`,
        "-addext",
        "subjectAltName=DNS:localhost",
        "-out",
        `${name}.csr`,
      );
      ssl(
        "x509",
        "-req",
        "-in",
        `${name}.csr`,
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-copy_extensions",
        "copy",
        "-days",
        "2",
        "-out",
        `${name}.pem`,
      );
    }
    const core = await serve(
      "--tls-cert",
      at("server.pem"),
      "--tls-key",
      at("server.key"),
      "--tls-client-ca",
      at("ca.pem"),
    );
    const port = (core.ready as { address: string }).address.split(":")[1] ?? "";
    const address = `localhost:${port}`;
    const [ca, key, cert] = [at("ca.pem"), at("client.key"), at("client.pem")].map((path) => readFileSync(path));
    const known = credentials.createSsl(ca, key, cert);
    const path = "/grpc.health.v1.Health/Check";
    expect(await ask(address, path, known)).toMatchObject({ code: 0 });
    expect(await ask(address, path, credentials.createSsl(ca))).toMatchObject({ code: status.UNAVAILABLE });
    expect(await ask(address, path, credentials.createInsecure())).toMatchObject({ code: status.UNAVAILABLE });
    const spoken = await new Promise<string>((resolve) => {
      const options = {
        host: "127.0.0.1",
        port: Number(port),
        ca,
        key,
        cert,
        servername: "localhost",
        maxVersion: "TLSv1.2",
      } as const;
      connectTls(options, () => resolve("connected")).on("error", ({ message }) => resolve(message));
    });
    expect(spoken).toContain("protocol version");
    await core.stop();
  });
});
