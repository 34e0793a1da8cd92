// threat 22: whatever is given as a URL, nobody inside is connected to. Each form goes the whole way, from the rule for its
// text to the post; listeners on loopback count connections, and the resolver of the test says what a hostile one would.
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { AddressRefusal, type Resolve } from "./address-guard.ts";
import { postTo, type Answer } from "./post.ts";
import { readPostUrl } from "./url-rule.ts";

const none = { names: [], flag: "--webhook-allow" };
let tripwires: Server[];
let connected = 0;
let port: number;

beforeAll(async () => {
  tripwires = [createServer(), createServer()];
  tripwires[0]!.listen(0, "127.0.0.1");
  await once(tripwires[0]!, "listening");
  ({ port } = tripwires[0]!.address() as AddressInfo);
  tripwires[1]!.listen(port, "::1");
  await once(tripwires[1]!, "listening");
  for (const wire of tripwires) {
    wire.on("connection", (socket) => {
      connected += 1;
      socket.destroy();
    });
  }
});
afterAll(() => {
  for (const wire of tripwires) wire.close();
});

const answer =
  (...addresses: string[]): Resolve =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
const real: Resolve = (name) => lookup(name, { all: true });

const unanswered: Resolve = () => new Promise(() => undefined);

/** Why nothing was posted: the rule for the text, or the address that was found. */
async function refusalOf(text: string, resolve: Resolve): Promise<string> {
  const url = readPostUrl(text, none);
  if (typeof url === "string") return url;
  try {
    const signal = new AbortController().signal;
    const given = { allowed: none, resolve, signal, longestMs: 20_000 };
    return `posted: ${(await postTo(url, { headers: {}, body: Buffer.from("{}") }, given)).status}`;
  } catch (error) {
    if (error instanceof AddressRefusal) return error.message;
    throw error;
  }
}

const PORT = "PORT";
/** The text; with names: what a resolver answers for them (undefined: this machine's own is asked). */
const FORMS: readonly (readonly [form: string, resolve?: Resolve])[] = [
  // Addresses, as they are and in disguise.
  ["https://127.0.0.1:PORT/"],
  ["https://127.1:PORT/"],
  ["https://127.0.1:PORT/"],
  ["https://2130706433:PORT/"],
  ["https://0x7f000001:PORT/"],
  ["https://0x7f.0.0.1:PORT/"],
  ["https://0177.0.0.1:PORT/"],
  ["https://017700000001:PORT/"],
  ["https://0177.0x0.0.1:PORT/"],
  ["https://127.0.0.1.:PORT/"],
  ["https://%31%32%37.0.0.1:PORT/"],
  ["https://0:PORT/"],
  ["https://0.0.0.0:PORT/"],
  ["https://127.255.255.254:PORT/"],
  ["https://[::1]:PORT/"],
  ["https://[0:0:0:0:0:0:0:1]:PORT/"],
  ["https://[::]:PORT/"],
  ["https://[::ffff:127.0.0.1]:PORT/"],
  ["https://[::ffff:7f00:1]:PORT/"],
  ["https://[::127.0.0.1]:PORT/"],
  ["https://[64:ff9b::7f00:1]:PORT/"],
  ["https://[2002:7f00:1::]:PORT/"],
  ["https://[2001:0:7f00:1::]:PORT/"],
  ["https://[fe80::1]:PORT/"],
  ["https://[fe80::1%25lo]:PORT/"],
  ["https://[fd00::1]:PORT/"],
  ["https://[ff02::1]:PORT/"],
  ["https://10.0.0.1/"],
  ["https://172.16.0.1/"],
  ["https://192.168.0.1/"],
  ["https://100.64.0.1/"],
  ["https://198.18.0.1/"],
  ["https://224.0.0.1/"],
  ["https://255.255.255.255/"],
  // The addresses under which clouds tell a machine's secrets, and their names.
  ["https://169.254.169.254/latest/meta-data/"],
  ["https://[fd00:ec2::254]/latest/meta-data/"],
  ["https://0251.0376.0251.0376/"],
  ["https://2852039166/"],
  ["https://100.100.100.200/"],
  ["https://metadata.google.internal/computeMetadata/v1/", answer("169.254.169.254")],
  // Letters that look like others.
  ["https://127。0。0。1:PORT/"],
  ["https://①②⑦.⓪.⓪.①:PORT/"],
  ["https://localhost\u3002:PORT/"],
  ["https://ⓛocalhost:PORT/"],
  ["https://xn--/", answer("127.0.0.1")],
  // Names.
  ["https://localhost:PORT/", real],
  ["https://localhost.:PORT/", answer("127.0.0.1")],
  ["https://LOCALHOST:PORT/", real],
  ["https://127.0.0.1.nip.example:PORT/", answer("127.0.0.1")],
  ["https://7f000001.rebind.example:PORT/", answer("127.0.0.1")],
  ["https://v6.example:PORT/", answer("::1")],
  ["https://mapped.example:PORT/", answer("::ffff:127.0.0.1")],
  ["https://mixed.example:PORT/", answer("8.8.8.8", "127.0.0.1")],
  ["https://mixed6.example:PORT/", answer("2606:4700::1111", "fd00::1")],
  ["https://last.example:PORT/", answer("8.8.8.8", "8.8.4.4", "1.1.1.1", "10.0.0.1")],
  ["https://link-local.example:PORT/", answer("fe80::1")],
  // Users, schemes, ports, and what parsers disagree about.
  ["https://hooks.example@127.0.0.1:PORT/"],
  ["https://hooks.example:443@127.0.0.1:PORT/"],
  ["https://:@hooks.example/", answer("127.0.0.1")],
  ["https://127.0.0.1:PORT\\@hooks.example/"],
  ["https://hooks.example\\.127.0.0.1:PORT/"],
  ["https:127.0.0.1:PORT/"],
  ["https:///127.0.0.1:PORT/"],
  ["https:\\\\127.0.0.1:PORT/"],
  ["//127.0.0.1:PORT/"],
  ["http://127.0.0.1:PORT/"],
  ["http://hooks.example/", answer("127.0.0.1")],
  ["HTTP://hooks.example/", answer("127.0.0.1")],
  ["ftp://127.0.0.1:PORT/"],
  ["file:///etc/passwd"],
  ["gopher://127.0.0.1:PORT/_x"],
  ["unix:///run/docker.sock"],
  ["data:text/plain,x"],
  ["javascript:1"],
  ["wss://127.0.0.1:PORT/"],
  ["blob:https://127.0.0.1:PORT/"],
  ["https://hooks.example:22/", answer("127.0.0.1")],
  ["https://hooks.example:25/", answer("127.0.0.1")],
  ["https://hooks.example:0/", answer("127.0.0.1")],
  ["https://hooks.example:65536/"],
  ["https://hooks.example#@127.0.0.1:PORT/"],
  ["https://127.0.0.1:PORT/\r\nhost: hooks.example"],
  ["\thttps://127.0.0.1:PORT/"],
  [" https://127.0.0.1:PORT/"],
  ["https://hooks.example /", answer("127.0.0.1")],
  ["https://\u0000127.0.0.1:PORT/"],
  ["https://"],
  [""],
];

describe(`threat 22: ${FORMS.length} hostile URLs, 0 connects`, () => {
  test.each(FORMS.map(([form, resolve], i) => [i + 1, JSON.stringify(form), form, resolve] as const))(
    "%d %s",
    async (_i, _shown, form, resolve = real) => {
      const refusal = await refusalOf(form.replaceAll(PORT, String(port)), resolve);
      expect(refusal).not.toMatch(/^posted/);
      expect(refusal).not.toBe("");
      expect(connected).toBe(0);
    },
  );

  test("there are forty at least", () => expect(FORMS.length).toBeGreaterThanOrEqual(40));
});

test("a name that says something else a moment later is connected to where it was looked at", async () => {
  let asked = 0;
  const rebinding: Resolve = async () => {
    asked += 1;
    return [{ address: asked === 1 ? "127.0.0.9" : "127.0.0.1", family: 4 }];
  };
  const other = createServer((socket) => socket.destroy());
  let reached = 0;
  other.on("connection", () => (reached += 1));
  other.listen(port, "127.0.0.9");
  await once(other, "listening");
  const allowed = { ...none, names: ["127.0.0.9"] };
  const given = { allowed, resolve: rebinding, signal: new AbortController().signal };
  const url = new URL(`http://rebinding.example:${port}/`);
  await expect(postTo(url, { headers: {}, body: Buffer.from("{}") }, given)).rejects.toThrow(/hang up|ECONNRESET/);
  other.close();
  expect({ asked, reached, connected }).toEqual({ asked: 1, reached: 1, connected: 0 });
});

test("nobody is followed; what is answered is dropped, however long; who answers nothing is left", async () => {
  let written = 0;
  const server = createHttpServer((request, response) => {
    if (request.url === "/slow") return;
    response.writeHead(request.url === "/moved" ? 307 : 200, { location: `https://127.0.0.1:${port}/` });
    const more = (): void => {
      for (let ok = !response.destroyed; ok && written < 200_000_000; written += 65_536)
        ok = response.write(Buffer.alloc(65_536));
    };
    response.on("drain", more);
    more();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const at = (path: string) => new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
  const given = { allowed: { ...none, names: ["127.0.0.1"] }, signal: new AbortController().signal };
  const outgoing = { headers: {}, body: Buffer.from("{}") };
  expect(await postTo(at("/moved"), outgoing, given)).toEqual({ status: 307, retryAfter: undefined });
  expect(await postTo(at("/endless"), outgoing, given)).toEqual({ status: 200, retryAfter: undefined });
  await expect(postTo(at("/slow"), outgoing, { ...given, longestMs: 50 })).rejects.toThrow(/abort|timeout/i);
  const named = new URL("https://slow-names.example/");
  await expect(postTo(named, outgoing, { ...given, resolve: unanswered, longestMs: 50 })).rejects.toThrow(/timeout/i);
  server.closeAllConnections();
  server.close();
  expect(written).toBeLessThan(50_000_000);
  expect(connected).toBe(0);
});

/** Posts to a receiver that says this much on its socket, on each turn of its loop, and ends nothing. */
async function postToRaw(says: string, isRepeated: boolean, longestMs: number): Promise<Answer> {
  const server = createServer((socket) => {
    const say = (): void => {
      if (socket.destroyed) return;
      socket.write(says);
      if (isRepeated) setImmediate(say);
    };
    socket.on("error", () => undefined);
    socket.once("data", say);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const given = { allowed: { ...none, names: ["127.0.0.1"] }, signal: new AbortController().signal, longestMs };
  try {
    return await postTo(url, { headers: {}, body: Buffer.from("{}") }, given);
  } finally {
    server.close();
  }
}

test("a receiver that switches protocols has not answered: nobody waits for more", async () => {
  const switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  await expect(postToRaw(switching, false, 60_000)).rejects.toThrow("without an answer");
});

test("who says 1xx without end has no more time than others", async () => {
  await expect(postToRaw("HTTP/1.1 102 Processing\r\n\r\n", true, 100)).rejects.toThrow(/abort|timeout/i);
});

test.each([
  ["https://hooks.example/countersign?for=us", "https://hooks.example/countersign?for=us"],
  ["https://HOOKS.example:8443", "https://hooks.example:8443/"],
  ["https://8.8.8.8/", "https://8.8.8.8/"],
])("%s is fine", (text, href) => {
  expect(readPostUrl(text, none)).toMatchObject({ href });
});

test("what is allowed by name is: http, loopback, any port, and nobody beside it", () => {
  const allowed = { ...none, names: ["receiver.internal", "127.0.0.1"] };
  for (const text of ["http://receiver.internal:80/x", "http://127.0.0.1:1/", "https://127.1:81/"])
    expect(readPostUrl(text, allowed)).toBeInstanceOf(URL);
  expect(readPostUrl("http://other.internal/", allowed)).toContain("--webhook-allow");
  expect(readPostUrl("https://127.0.0.2/", allowed)).toContain("not a public address");
});
