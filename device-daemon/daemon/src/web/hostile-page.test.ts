import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { listeningSockets, tempFolder } from "@countersign/testing";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { EnrolRequest, SignRequest } from "@countersign/proto/node/device/v1/device_service";
import { type PageRig, startPageRig } from "../testing/page-rig.ts";
import { signRequest } from "../testing/rig.ts";
import {
  DEVICE,
  framed,
  GRPC_WEB,
  PAIRING,
  pairOver,
  webCall,
  type WebAnswer,
  type WebAsked,
} from "../testing/web-call.ts";

// A web page attacks the daemon: whatever is wrong, it is refused before anything reaches the key. Every row sends a Sign
// that a paired page could send, so that a rule that does not hold is seen on the key's display.

const folder = tempFolder();
let pages: PageRig;
let port: number;
let origin: string;
let token: string;

beforeAll(async () => {
  pages = await startPageRig(folder);
  port = pages.webPort;
  origin = pages.bank.origin;
  pages.pinentry.will("yes");
  token = (await pairOver(port, origin)) ?? "";
}, 400_000);
afterAll(() => pages.stop());

const SIGN = `${DEVICE}/Sign`;

function signFrame(change: Partial<SignRequest> = {}): Buffer {
  return framed(SignRequest.encode(SignRequest.create(signRequest(pages.keyId, change))).finish());
}

type Change = Partial<Omit<WebAsked, "headers">> & { readonly headers?: Readonly<Record<string, string | undefined>> };

/** A Sign by the paired page, with what an attack changes. A header that is undefined is not sent. */
function attack({ headers = {}, ...rest }: Change): Promise<WebAnswer> {
  const all = { ...GRPC_WEB, origin, authorization: `Bearer ${token}`, ...headers };
  const sent = Object.entries(all).filter((each): each is [string, string] => each[1] !== undefined);
  return webCall(port, { path: SIGN, body: signFrame(), ...rest, headers: Object.fromEntries(sent) });
}

/** What the key noticed of it: reports that came over its cable, and screens that it drew. */
async function noticed(act: () => Promise<unknown>): Promise<{ reports: number; screens: number }> {
  const { cable, rig } = pages;
  const [reports, screen] = [cable.log.length, await rig.hands.look()];
  await act();
  const after = await rig.hands.look();
  return { reports: cable.log.length - reports, screens: after.version - screen.version };
}

const NOTHING = { reports: 0, screens: 0 };

describe("D1: where it listens", () => {
  test("D1: loopback mode binds 127.0.0.1 and ::1, and nothing else", () => {
    const bound = listeningSockets(pages.rig.daemon.process.pid ?? 0);
    const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
    expect(new Set(bound)).toEqual(new Set([`0100007F:${hexPort}`, `00000000000000000000000001000000:${hexPort}`]));
    expect(bound.length).toBe(2);
  });

  test("D1: no other address of this machine answers", async () => {
    const others = Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .filter(({ internal, scopeid }) => !internal && (scopeid ?? 0) === 0)
      .map(({ address }) => address);
    for (const host of ["127.0.0.2", ...others]) {
      const answer = await new Promise((resolve) => {
        const socket = connect({ host, port }, () => resolve("connected"));
        socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code));
      });
      expect([host, answer]).toEqual([host, "ECONNREFUSED"]);
    }
  });
});

describe("D2: Host", () => {
  test.each(["127.0.0.1", "[::1]", "localhost"])("D2: %s with the port is answered", async (name) => {
    const asked = { host: `${name}:${port}`, path: `${DEVICE}/ListKeys`, body: framed() };
    expect(await attack(asked)).toMatchObject({ http: 200, status: 0 });
  });

  test.each([
    ["a name that was rebound", "evil.example:PORT"],
    ["no port", "127.0.0.1"],
    ["another port", "127.0.0.1:1"],
    ["a look-alike", "127.0.0.1.evil.example:PORT"],
    ["a name below", "localhost.evil.example:PORT"],
    ["capitals", "LOCALHOST:PORT"],
    ["another way to write the address", "127.1:PORT"],
    ["the address of all", "0.0.0.0:PORT"],
    ["an IPv4 in IPv6", "[::ffff:127.0.0.1]:PORT"],
    ["a user before it", "x@127.0.0.1:PORT"],
  ])("threat 17: D2: %s is 421, before anything else is looked at", async (_name, host) => {
    const named = host.replace("PORT", String(port));
    for (const change of [{}, { path: "/nowhere" }, { headers: { origin: "null" } }, { method: "GET" }]) {
      let answer: WebAnswer | undefined;
      expect(await noticed(async () => (answer = await attack({ host: named, ...change })))).toEqual(NOTHING);
      expect(answer).toMatchObject({ http: 421, messages: [] });
    }
  });
});

describe("D3: Origin", () => {
  test.each([
    ["null", "null"],
    ["missing", undefined],
    ["empty", ""],
    ["foreign", "https://evil.example"],
    ["one with ours as prefix", "ORIGIN.evil.example"],
    ["one with ours as suffix", "http://evil-localhost:PORT"],
    ["ours with another scheme", "https://localhost:PORT"],
    ["ours with another port", "http://localhost:1"],
    ["ours without port", "http://localhost"],
    ["ours with a path", "ORIGIN/"],
    ["ours in capitals", "HTTP://LOCALHOST:PORT"],
    ["another name for the same host", "http://127.0.0.1:PORT"],
    ["a list with ours in it", "ORIGIN https://evil.example"],
    ["the daemon itself", "http://127.0.0.1:DAEMON"],
  ])("threat 17: D3: %s is 403", async (_name, text) => {
    const sent = text
      ?.replace("ORIGIN", origin)
      .replace("PORT", String(pages.bank.port))
      .replace("DAEMON", String(port));
    let answer: WebAnswer | undefined;
    expect(await noticed(async () => (answer = await attack({ headers: { origin: sent } })))).toEqual(NOTHING);
    expect(answer).toMatchObject({ http: 403, messages: [] });
    expect(answer?.headers).not.toHaveProperty("access-control-allow-origin");
    // It may not ask to be paired either.
    const pairing = { path: `${PAIRING}/Pair`, body: framed(), headers: { origin: sent } };
    expect(await attack(pairing)).toMatchObject({ http: 403 });
  });
});

describe("D4: the pairing token", () => {
  const other = `cs_pair_${"A".repeat(43)}`;

  test.each([
    ["none", () => undefined],
    ["an empty one", () => "Bearer "],
    ["one of nobody", () => `Bearer ${other}`],
    ["the right one cut short", () => `Bearer ${token.slice(0, -1)}`],
    ["the right one and more", () => `Bearer ${token}A`],
    ["the right one by another scheme", () => `Basic ${token}`],
    ["its name alone", () => token],
  ])("threat 17: D4: with %s it is UNAUTHENTICATED", async (_name, authorization) => {
    let answer: WebAnswer | undefined;
    const headers = { authorization: authorization() };
    expect(await noticed(async () => (answer = await attack({ headers })))).toEqual(NOTHING);
    expect(answer).toMatchObject({ http: 200, status: 16, messages: [] });
  });

  test("threat 17: D4: another origin's token is refused, though that origin is listed", async () => {
    let answer: WebAnswer | undefined;
    const headers = { origin: pages.shop.origin };
    expect(await noticed(async () => (answer = await attack({ headers })))).toEqual(NOTHING);
    expect(answer).toMatchObject({ status: 16 });
  });

  test("D4: without a token there is no telling which methods exist, and no list of keys", async () => {
    for (const path of [`${DEVICE}/ListKeys`, `${DEVICE}/Nowhere`, "/other.v1.Service/Method", `${PAIRING}/Unpair`]) {
      expect(await attack({ path, body: framed(), headers: { authorization: undefined } })).toMatchObject({
        status: 16,
      });
    }
  });

  test("D4: a page cannot reset a key, token or not", async () => {
    expect(await noticed(() => attack({ path: `${DEVICE}/Reset`, body: framed() }))).toEqual(NOTHING);
    expect(await attack({ path: `${DEVICE}/Reset`, body: framed() })).toMatchObject({ status: 12 });
  });

  test("D4: a page asks a FIDO2 key for no relying party of others", async () => {
    const fidoCredentials = [{ keyId: pages.keyId, credentialId: Buffer.alloc(16) }];
    const signs = signFrame({ rpId: "evil.example", fidoCredentials });
    expect(await noticed(() => attack({ body: signs }))).toEqual(NOTHING);
    expect(await attack({ body: signs })).toMatchObject({ status: 3, text: expect.stringContaining("rp_id") });
    const fido = { rpId: "evil.example" };
    const enrols = framed(EnrolRequest.encode(EnrolRequest.fromPartial({ fido })).finish());
    expect(await attack({ path: `${DEVICE}/Enrol`, body: enrols })).toMatchObject({ status: 3 });
  });
});

describe("D5: what a call looks like", () => {
  test.each([
    ["text/plain", 415, { headers: { "content-type": "text/plain" } }],
    ["a form", 415, { headers: { "content-type": "application/x-www-form-urlencoded" } }],
    ["a form with files", 415, { headers: { "content-type": "multipart/form-data; boundary=x" } }],
    ["JSON", 415, { headers: { "content-type": "application/json" } }],
    [
      "base64, which a page could send without asking first",
      415,
      { headers: { "content-type": "application/grpc-web-text+proto" } },
    ],
    ["our type with a parameter", 415, { headers: { "content-type": "application/grpc-web+proto;x=1" } }],
    ["our type behind another", 415, { headers: { "content-type": "text/plain; application/grpc-web+proto" } }],
    ["no type", 415, { headers: { "content-type": undefined } }],
    ["a compressed body", 415, { headers: { "content-encoding": "gzip" } }],
    ["GET", 405, { method: "GET" }],
    ["HEAD", 405, { method: "HEAD" }],
    ["PUT", 405, { method: "PUT" }],
    ["a body of 1 MB", 413, { body: Buffer.alloc(1024 * 1024) }],
    ["a frame that lies about its length", 400, { body: Buffer.from([0, 0, 0, 0, 9, 1]) }],
    ["a compressed message", 400, { body: Buffer.from([1, 0, 0, 0, 1, 1]) }],
  ] as const)("threat 17: D5: %s is %i", async (_name, code, change) => {
    let answer: WebAnswer | undefined;
    expect(await noticed(async () => (answer = await attack(change)))).toEqual(NOTHING);
    expect(answer).toMatchObject({ http: code, messages: [] });
  });

  test("D5: answers name the one origin, never a wildcard; no cookie is set or allowed; they differ by Origin", async () => {
    const { headers } = await attack({ path: `${DEVICE}/ListKeys`, body: framed(), headers: { cookie: "a=b" } });
    expect(headers).toMatchObject({
      "access-control-allow-origin": origin,
      vary: "Origin",
      "cache-control": "no-store",
    });
    expect(headers).not.toHaveProperty("access-control-allow-credentials");
    expect(headers).not.toHaveProperty("set-cookie");
  });

  test("D5: a preflight is answered for listed origins alone, also about private networks", async () => {
    const asked = { "access-control-request-method": "POST", "access-control-request-private-network": "true" };
    const listed = await attack({ method: "OPTIONS", headers: { ...asked, authorization: undefined } });
    expect(listed).toMatchObject({ http: 204 });
    expect(listed.headers).toMatchObject({
      "access-control-allow-origin": origin,
      "access-control-allow-private-network": "true",
    });
    const foreign = await attack({ method: "OPTIONS", headers: { ...asked, origin: pages.evil.origin } });
    expect(foreign).toMatchObject({ http: 403 });
    expect(Object.keys(foreign.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});

describe("D6: another protocol", () => {
  const upgrade = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "eA==",
  };

  test.each([
    ["from the paired page", 426, {}, undefined],
    ["from a foreign page", 403, { origin: "https://evil.example" }, undefined],
    ["under a name that was rebound", 421, {}, "evil.example"],
  ])("threat 17: D6: a WebSocket %s is %i, and the connection closed", async (_name, code, headers, host) => {
    let answer: WebAnswer | undefined;
    const change = { method: "GET", headers: { ...upgrade, ...headers }, ...(host === undefined ? {} : { host }) };
    expect(await noticed(async () => (answer = await attack(change)))).toEqual(NOTHING);
    expect(answer).toMatchObject({ http: code, headers: { connection: "close" } });
  });
});

test("the same request without an attack is shown by the key: what comes before can fail", async () => {
  const leaving = new AbortController();
  const headers = { ...GRPC_WEB, origin, authorization: `Bearer ${token}` };
  const body = new Uint8Array(signFrame());
  const signing = fetch(`http://127.0.0.1:${port}${SIGN}`, { method: "POST", headers, body, signal: leaving.signal });
  expect((await pages.rig.hands.until("pages")).rows.length).toBeGreaterThan(0);
  leaving.abort();
  await signing.then((response) => response.arrayBuffer()).catch(() => undefined);
  await pages.rig.hands.until("idle");
});
