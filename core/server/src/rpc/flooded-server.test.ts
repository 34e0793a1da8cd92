// Over the wire, with and without TLS: who floods is ended and has turns afterwards, his neighbours and others are served.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { type ClientHttp2Session, connect, constants } from "node:http2";
import { join } from "node:path";
import tls from "node:tls";
import type { MethodDefinition, sendUnaryData } from "@grpc/grpc-js";
import { Flag, frame, FrameType, headerBlock, RawConnection, tempFolder, testWith, u32be } from "@countersign/testing";
import { afterEach, expect, test } from "@jest/globals";
import type { TlsFiles } from "../config.ts";
import { serve, type Serving } from "./server.ts";

const MAX_STREAMS = 10;
const FLOODER = "127.0.0.2";
const QUIET = "127.0.0.3";
const GET = "/countersign.core.v1.UserService/Get";
const VETO = "/countersign.core.v1.TransactionService/Veto";

const openssl = ["/usr/bin/openssl", "/bin/openssl"].find((path) => existsSync(path));
const folder = tempFolder();
const bytes = { requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same };

let serving: Serving | undefined;
let curbed: string[];
const sessions: ClientHttp2Session[] = [];
const oldestTls = tls.DEFAULT_MIN_VERSION;
afterEach(async () => {
  // A server sets it for its whole process, which other tests share here.
  tls.DEFAULT_MIN_VERSION = oldestTls;
  for (const session of sessions.splice(0)) session.destroy();
  await serving?.close(60_000);
});

function same(value: Buffer): Buffer {
  return value;
}

function method(path: string): MethodDefinition<Buffer, Buffer> {
  return { path, requestStream: false, responseStream: false, ...bytes };
}

function answer(_call: unknown, done: sendUnaryData<Buffer>): void {
  done(null, Buffer.alloc(0));
}

async function start(files?: TlsFiles): Promise<string> {
  curbed = [];
  const services = [
    { definition: { get: method(GET) }, implementation: { get: answer } },
    { definition: { veto: method(VETO) }, implementation: { veto: answer } },
  ];
  serving = await serve(services, {
    ...{ listen: { host: "127.0.0.1", port: 0 }, tls: files, maxStreams: MAX_STREAMS, reflection: false },
    connections: { curbed: (how) => void curbed.push(how) },
    // Nothing is forgotten or forgiven, however slow the machine is.
    now: () => 0,
  });
  return `${files === undefined ? "http" : "https"}://${serving.address}`;
}

function come(url: string, from: string): ClientHttp2Session {
  // Node hands them on to TCP and TLS, which its types do not say.
  const options: object = { localAddress: from, rejectUnauthorized: false };
  const session = connect(url, options);
  session.on("error", () => undefined);
  sessions.push(session);
  return session;
}

/** The gRPC status that it was answered with. */
function call(session: ClientHttp2Session, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ":method": "POST", ":path": path, "content-type": "application/grpc" });
    stream.on("trailers", (trailers) => resolve(trailers["grpc-status"]));
    stream.on("error", reject);
    stream.resume();
    stream.end(Buffer.alloc(5));
  });
}

/** Calls that are given up as they are made, one more than may be. Resolves when the connection is over. */
async function flood(url: string): Promise<void> {
  const { host, protocol } = new URL(url);
  const raw = await RawConnection.open(host, { from: FLOODER, tls: protocol === "https:" });
  const fields = [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", GET],
    [":authority", host],
    ["content-type", "application/grpc"],
  ] as const;
  const frames = Array.from({ length: 2 * MAX_STREAMS + 1 }, (_, n) => [
    frame(FrameType.HEADERS, Flag.END_HEADERS, 2 * n + 1, headerBlock(fields)),
    frame(FrameType.RST_STREAM, 0, 2 * n + 1, u32be(constants.NGHTTP2_CANCEL)),
  ]);
  await raw.write(Buffer.concat(frames.flat()));
  await raw.closed;
}

/** What became of connections of the flooder's network, after a flood that everybody's calls were answered beside. */
async function survived(url: string): Promise<readonly string[]> {
  const neighbour = come(url, FLOODER);
  expect(await call(neighbour, GET)).toBe("0");
  await flood(url);
  expect(curbed).toEqual(["ended"]);
  for (const path of [GET, VETO]) expect(await call(neighbour, path)).toBe("0");
  for (const path of [GET, VETO]) expect(await call(come(url, QUIET), path)).toBe("0");
  expect(curbed).toEqual(["ended"]);
  for (const path of [GET, VETO]) expect(await call(come(url, FLOODER), path)).toBe("0");
  return curbed;
}

test("without TLS", async () => {
  expect(await survived(await start())).toEqual(["ended", "held", "held"]);
});

const peerTest = testWith("openssl", openssl !== undefined);

peerTest("with TLS", async () => {
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const kind = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  execFileSync(openssl ?? "", [...kind, "-keyout", key, "-out", cert, ...names], { stdio: "pipe" });
  const url = await start({ cert, key, clientCa: undefined });
  expect(await survived(url)).toEqual(["ended", "held", "held"]);
});

test("a server that closes waits for calls on connections that are open, and takes no further ones", async () => {
  const url = await start();
  const session = come(url, QUIET);
  expect(await call(session, GET)).toBe("0");
  const gone = new Promise<void>((resolve) => session.once("close", () => resolve()));
  await serving?.close(60_000);
  await gone;
  const late = come(url, QUIET);
  await expect(call(late, GET)).rejects.toThrow("ECONNREFUSED");
});
