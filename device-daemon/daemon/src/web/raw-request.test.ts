import { once } from "node:events";
import { connect } from "node:net";
import { tempFolder } from "@countersign/testing";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { SignRequest } from "@countersign/proto/node/device/v1/device_service";
import { type PageRig, startPageRig } from "../testing/page-rig.ts";
import { signRequest } from "../testing/rig.ts";
import { DEVICE, framed, pairOver } from "../testing/web-call.ts";

// Requests that no browser and no HTTP library would write. Each carries a Sign with the token of a paired page, so that
// what slips through is seen by the key.

const folder = tempFolder();
let pages: PageRig;
let port: number;
let origin: string;
let token: string;
let body: Buffer;

beforeAll(async () => {
  pages = await startPageRig(folder);
  port = pages.webPort;
  origin = pages.bank.origin;
  pages.pinentry.will("yes");
  token = (await pairOver(port, origin)) ?? "";
  body = framed(SignRequest.encode(SignRequest.create(signRequest(pages.keyId))).finish());
}, 400_000);
afterAll(() => pages.stop());

interface Raw {
  readonly line?: string;
  /** Each with its name; undefined: as a paired page sends it. */
  readonly host?: readonly string[];
  readonly origin?: readonly string[];
  readonly more?: readonly string[];
  readonly length?: readonly string[];
  /** In place of the body. */
  readonly body?: Buffer;
}

function requestOf(raw: Raw): Buffer {
  const {
    line = `POST ${DEVICE}/Sign HTTP/1.1`,
    host = [`Host: 127.0.0.1:${port}`],
    origin: origins = [`Origin: ${origin}`],
    more = [],
    body: sent = body,
    length = [`Content-Length: ${sent.length}`],
  } = raw;
  const fixed = ["Content-Type: application/grpc-web+proto", `Authorization: Bearer ${token}`];
  const head = [line, ...host, ...origins, ...fixed, ...length, ...more].join("\r\n");
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`), sent]);
}

/** Sends bytes and reads until the daemon closes; the status codes of its answers. */
async function codesOf(bytes: Buffer): Promise<string[]> {
  const socket = connect(port, "127.0.0.1");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("error", () => undefined);
  socket.write(bytes);
  await once(socket, "close");
  return Array.from(
    Buffer.concat(chunks)
      .toString("latin1")
      .matchAll(/^HTTP\/1\.1 (\d{3})/gm),
    ([, code]) => code ?? "",
  );
}

async function reportsAt(act: () => Promise<unknown>): Promise<number> {
  const before = pages.cable.log.length;
  await act();
  return pages.cable.log.length - before;
}

const ROWS: readonly (readonly [name: string, codes: readonly string[], raw: () => Raw])[] = [
  ["HTTP/1.0 without Host", ["421"], () => ({ line: `POST ${DEVICE}/Sign HTTP/1.0`, host: [] })],
  ["HTTP/1.1 without Host", ["400"], () => ({ host: [], more: ["Connection: close"] })],
  ["two Hosts, ours first", ["421"], () => ({ host: [`Host: 127.0.0.1:${port}`, "Host: evil.example"] })],
  ["two Hosts, ours last", ["421"], () => ({ host: ["Host: evil.example", `Host: 127.0.0.1:${port}`] })],
  ["a trailing dot", ["421"], () => ({ host: [`Host: localhost.:${port}`] })],
  ["a port with a zero before it", ["421"], () => ({ host: [`Host: 127.0.0.1:0${port}`] })],
  ["an IPv6 address in its long form", ["421"], () => ({ host: [`Host: [0:0:0:0:0:0:0:1]:${port}`] })],
  ["an IPv6 address with a zone", ["421"], () => ({ host: [`Host: [::1%25lo]:${port}`] })],
  ["a host list", ["421"], () => ({ host: [`Host: 127.0.0.1:${port}, evil.example`] })],
  ["our Host under a target of another", ["400"], () => ({ line: `POST http://evil.example${DEVICE}/Sign HTTP/1.1` })],
  [
    "another Host under a target of ours",
    ["421"],
    () => ({ line: `POST http://127.0.0.1:${port}${DEVICE}/Sign HTTP/1.1`, host: ["Host: evil.example"] }),
  ],
  ["two slashes before the path", ["400"], () => ({ line: `POST /${DEVICE}/Sign HTTP/1.1` })],
  ["a path in per cents", ["400"], () => ({ line: `POST ${DEVICE}/%53ign HTTP/1.1` })],
  ["two Origins, ours first", ["403"], () => ({ origin: [`Origin: ${origin}`, "Origin: https://evil.example"] })],
  ["two Origins, both ours", ["403"], () => ({ origin: [`Origin: ${origin}`, `Origin: ${origin}`] })],
  ["an Origin over two lines", ["400"], () => ({ origin: ["Origin: https://evil.example", ` ${origin}`] })],
  ["a space behind the name of Origin", ["400"], () => ({ origin: [`Origin : ${origin}`] })],
  [
    "a length and chunks",
    ["400"],
    () => ({ more: ["Transfer-Encoding: chunked"], body: Buffer.from("0\r\n\r\n"), length: ["Content-Length: 5"] }),
  ],
  ["chunks that are not the last coding", ["400"], () => ({ length: ["Transfer-Encoding: chunked, identity"] })],
  ["an unknown coding", ["400"], () => ({ length: ["Transfer-Encoding: xchunked"] })],
  ["two lengths", ["400"], () => ({ length: ["Content-Length: 5", "Content-Length: 6"] })],
  ["a wish to continue, from nowhere", ["403"], () => ({ origin: [], more: ["Expect: 100-continue"] })],
  ["another expectation", ["417"], () => ({ more: ["Expect: evil", "Connection: close"] })],
  ["CONNECT", [], () => ({ line: `CONNECT 127.0.0.1:${port} HTTP/1.1`, length: [], body: Buffer.alloc(0) })],
  ["the preface of HTTP/2", ["400"], () => ({ line: "PRI * HTTP/2.0", host: [], origin: [] })],
  ["two tokens", ["200"], () => ({ more: [`Authorization: Bearer ${token}`, "Connection: close"] })],
];

test.each(ROWS)("threat 17: D2, D3, D5: %s ends in %j and reaches no key", async (_name, codes, raw) => {
  let given: string[] = [];
  expect(await reportsAt(async () => (given = await codesOf(requestOf(raw()))))).toBe(0);
  expect(given.filter((code) => code !== "100")).toEqual(codes);
});

test("threat 17: a request in the body of a refused one is no request", async () => {
  const inner = requestOf({});
  const outer = requestOf({ origin: ["Origin: https://evil.example"], body: inner });
  let given: string[] = [];
  expect(await reportsAt(async () => (given = await codesOf(outer)))).toBe(0);
  expect(given).toEqual(["403"]);
});

test("threat 17: a request behind a refused one on the same connection is not answered", async () => {
  let given: string[] = [];
  const both = Buffer.concat([requestOf({ host: ["Host: evil.example"] }), requestOf({})]);
  expect(await reportsAt(async () => (given = await codesOf(both)))).toBe(0);
  expect(given).toEqual(["421"]);
});
