import {
  ChannelError,
  Secret,
  silentLog,
  systemTimer,
  type FrontDesk,
  type Outgoing,
  type Timer,
} from "@countersign/bot-kit";
import { ManualTimer, testChannelContract } from "@countersign/bot-kit/testing";
import { freePort } from "@countersign/testing";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { SmsChannel } from "../sms-channel.ts";
import { CompactChannel } from "../testing/compact-channel.ts";
import {
  FAKE_GATEWAY_KEY,
  FakeGateway,
  SAMPLE_NUMBER,
  SAMPLE_SHORT_CODE,
  shortMessage,
  shortOutgoing,
  type GatewayFault,
  type Posted,
} from "../testing/index.ts";
import { GatewayPlatform } from "./gateway-platform.ts";
import { readTemplate } from "./template.ts";

const NOBODY = "+999000000000";
const SECRET = "path-secret-of-the-test";

function channelTo(gateway: FakeGateway, timer: Timer = systemTimer, more: object = {}): SmsChannel {
  const platform = new GatewayPlatform({
    template: readTemplate(gateway.template(more)),
    secrets: new Map([["key", new Secret("key", FAKE_GATEWAY_KEY)]]),
    sender: "Acme",
    receipts: {
      listen: { host: "127.0.0.1", port: 0 },
      url: undefined,
      secret: new Secret("receipt path", SECRET),
    },
    timer,
    log: silentLog,
  });
  return new SmsChannel({ platform, timer, log: silentLog });
}

testChannelContract("sms over HTTP", async () => {
  const gateway = await FakeGateway.start();
  gateway.nobody.add(NOBODY);
  // The sample's moments are near to where this timer begins.
  const channel = new CompactChannel(channelTo(gateway, new ManualTimer()));
  const phone = gateway.phones.at(SAMPLE_NUMBER);
  return {
    channel,
    peerId: SAMPLE_NUMBER,
    unknownPeerId: NOBODY,
    traits: { twoPhase: false, deduplicates: false, cleansUp: false, hears: false },
    seen: async () => phone.messages.map(({ id, text }) => ({ id, text, buttons: [] })),
    everWritten: async () => gateway.posted.map(({ text }) => text),
    say: async () => undefined,
    press: async () => undefined,
    close: async () => {
      await channel.close();
      await gateway.stop();
      if (gateway.violations.length > 0) throw new Error(gateway.violations.join("; "));
    },
  };
});

let gateway: FakeGateway;
let channel: SmsChannel;
let receipts: unknown[][];
let lease: AbortController;
const desk: FrontDesk = {
  said: async () => undefined,
  pressed: async () => undefined,
  gone: async () => undefined,
  mayJoin: async () => false,
  receipt: async (...receipt) => void receipts.push(receipt),
};

beforeEach(async () => {
  receipts = [];
  lease = new AbortController();
  gateway = await FakeGateway.start();
  channel = channelTo(gateway);
});

afterEach(async () => {
  await channel.close();
  await gateway.stop();
});

async function ship(
  more: Partial<Outgoing> = {},
  deadline = AbortSignal.timeout(60_000),
): Promise<string | ChannelError> {
  try {
    return await channel.deliver(shortOutgoing(more), deadline);
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error;
    return error;
  }
}

/** Where this fault leaves a message without an answer, its deadline passes once the gateway has it. */
async function shipInto({ kind }: GatewayFault): Promise<string | ChannelError> {
  const deadline = new AbortController();
  const earlier = gateway.requests;
  const shipped = ship({}, deadline.signal);
  if (kind === "swallow" || kind === "no-answer") {
    await gateway.until(() => gateway.requests > earlier);
    deadline.abort();
  }
  return shipped;
}

const late = (): never => {
  throw new ChannelError({ fate: "not-sent", detail: "late" });
};
const seen = (): number => gateway.phones.at(SAMPLE_NUMBER).messages.length;
const nothing = (): never => {
  throw new Error("nothing was posted");
};
const posted = (): Posted => gateway.posted.at(-1) ?? nothing();

test.each<[string, GatewayFault, object, number]>([
  [
    "429",
    { kind: "status", status: 429, headers: { "retry-after": "35" } },
    { fate: "not-sent", detail: "rate-limited", retryAfterMs: 35_000 },
    0,
  ],
  ["429 without a time", { kind: "status", status: 429 }, { fate: "not-sent", retryAfterMs: 5_000 }, 0],
  ["500", { kind: "status", status: 500 }, { fate: "unknown", detail: "http-500" }, 0],
  ["502 after accept", { kind: "answer", status: 502 }, { fate: "unknown", detail: "http-502" }, 1],
  ["401", { kind: "status", status: 401 }, { fate: "not-sent", detail: "http-401" }, 0],
  [
    "a redirect",
    { kind: "status", status: 307, headers: { location: "/v1/messages" } },
    { fate: "not-sent", detail: "http-307" },
    0,
  ],
  [
    "a rule of the template",
    { kind: "status", status: 422, body: '{"error":"unknown-number"}' },
    { fate: "permanent", reason: "CHANNEL_BLOCKED_BY_USER", detail: "http-422" },
    0,
  ],
  ["the same status without its words", { kind: "status", status: 422 }, { fate: "not-sent", detail: "http-422" }, 0],
  [
    "success in other words",
    { kind: "answer", body: "<html>A proxy's page</html>" },
    { fate: "unknown", detail: "malformed-answer" },
    1,
  ],
  [
    "an endless answer",
    { kind: "answer", body: "x".repeat(70_000) },
    { fate: "unknown", detail: "malformed-answer" },
    1,
  ],
  ["a black hole", { kind: "swallow" }, { fate: "unknown", detail: "timeout" }, 0],
  ["no answer after accept", { kind: "no-answer" }, { fate: "unknown", detail: "timeout" }, 1],
  ["a reset before", { kind: "reset-before" }, { fate: "unknown", detail: "reset" }, 0],
  ["a reset after accept", { kind: "reset-after" }, { fate: "unknown", detail: "reset" }, 1],
])("%s is put into its class, and nothing of the message is in the error", async (_what, fault, expected, phones) => {
  gateway.faults.push(fault);
  const error = await shipInto(fault);
  expect(error).toBeInstanceOf(ChannelError);
  expect(error).toMatchObject(expected);
  expect(seen()).toBe(phones);
  expect(gateway.requests).toBe(1);
  const everything = [...Object.getOwnPropertyNames(error), "stack"].map((name) =>
    String(Reflect.get(Object(error), name)),
  );
  for (const hidden of [SAMPLE_SHORT_CODE, "TIGER", SAMPLE_NUMBER.slice(1), FAKE_GATEWAY_KEY, SECRET]) {
    expect(everything.join("\n")).not.toContain(hidden);
  }
  expect(error).not.toHaveProperty("cause");
});

test("a gateway that is not there: certainly not sent", async () => {
  await channel.close();
  channel = channelTo(gateway, systemTimer, { url: `http://127.0.0.1:${await freePort()}/v1/messages` });
  expect(await ship()).toMatchObject({ fate: "not-sent", detail: "connect" });
});

test.each<GatewayFault["kind"]>(["no-answer", "reset-after", "swallow", "reset-before"])(
  "check 14: %s, and repeated once as the core would: the phone has the code at most twice",
  async (kind) => {
    gateway.faults.push({ kind });
    expect(await shipInto({ kind })).toMatchObject({ fate: "unknown" });
    expect(typeof (await ship())).toBe("string");
    expect(seen()).toBeLessThanOrEqual(2);
  },
);

test("late never leaves: the last look is after the connection stands", async () => {
  expect(await ship({ beforeWrite: late })).toMatchObject({ fate: "not-sent", detail: "late" });
  const notAfter = new Date(Date.now() + 59_000);
  expect(await ship({ notAfter })).toMatchObject({ fate: "not-sent", detail: "late" });
  expect(gateway.requests).toBe(0);
});

test("minutes are never later than notAfter, unless the operator takes them rounded up", async () => {
  await ship({ notAfter: new Date(Date.now() + 119_000) });
  expect(posted()).toMatchObject({ minutes: 1, alphabet: "gsm", from: "Acme", to: SAMPLE_NUMBER });
  await channel.close();
  channel = channelTo(gateway, systemTimer, { roundValidityUp: true });
  await ship({ notAfter: new Date(Date.now() + 59_000), message: shortMessage("Ж") });
  expect(posted()).toMatchObject({ minutes: 1, alphabet: "unicode" });
  await ship();
  expect(posted().minutes).toBeUndefined();
});

test("minutes that ran out while the connection was made are not sent", async () => {
  await channel.close();
  let now = Date.now();
  // Ten seconds pass between any two looks.
  channel = channelTo(gateway, { ...systemTimer, now: () => new Date((now += 10_000)) });
  expect(await ship({ notAfter: new Date(now + 135_000) })).toMatchObject({ fate: "not-sent", detail: "late" });
  expect(gateway.requests).toBe(0);
});

test("seconds leave room for the way, the moment is told as it is", async () => {
  await channel.close();
  const json = { to: "{to}", text: "{text}", alphabet: "{alphabet}", minutes: "{validitySeconds}" };
  const now = new Date();
  channel = channelTo(gateway, { ...systemTimer, now: () => now }, { json });
  await ship({ notAfter: new Date(now.getTime() + 100_000) });
  expect(posted().minutes).toBeGreaterThanOrEqual(96);
  expect(posted().minutes).toBeLessThanOrEqual(98);
  expect(await ship({ notAfter: new Date(now.getTime() + 2_500) })).toMatchObject({ fate: "not-sent", detail: "late" });
});

test("what does not fit is not asked of the gateway", async () => {
  expect(await ship({ message: shortMessage("ж".repeat(60)) })).toMatchObject({ reason: "CHANNEL_DOES_NOT_FIT" });
  expect(gateway.requests).toBe(0);
});

test("plain http leaves the machine only where the operator says so", () => {
  const given = {
    template: readTemplate(gateway.template({ url: "http://sms.example/send" })),
    secrets: new Map([["key", new Secret("key", "k")]]),
    sender: undefined,
    receipts: undefined,
    timer: systemTimer,
    log: silentLog,
  };
  expect(() => new GatewayPlatform(given)).toThrow("use https");
  expect(new GatewayPlatform({ ...given, plaintext: true })).toBeInstanceOf(GatewayPlatform);
});

test("reports by POST and GET become receipts; a repeated one is the same, one under way is nothing", async () => {
  await channel.listen(desk, lease.signal);
  const id = String(await ship());
  expect(await gateway.report(posted(), "accepted")).toBe(200);
  expect(receipts).toEqual([]);
  expect(await gateway.report(posted(), "delivered")).toBe(200);
  expect(await gateway.report(posted(), "delivered", "GET")).toBe(200);
  expect(receipts).toEqual([[expect.stringMatching(/^sms-[0-9a-f]{32}$/), SAMPLE_NUMBER, id, true]]);
  await ship({ deliveryId: "sample/2" });
  expect(await gateway.report(posted(), "expired", "GET", "&state=delivered")).toBe(200);
  expect(receipts.at(-1)?.slice(1)).toEqual([SAMPLE_NUMBER, posted().id, false]);
});

test("a report of a message that an earlier process sent is told by what it says itself", async () => {
  await channel.listen(desk, lease.signal);
  await ship();
  await gateway.report({ ...posted(), id: "m-earlier" }, "delivered");
  expect(receipts[0]?.slice(1)).toEqual([SAMPLE_NUMBER, "m-earlier", true]);
});

test("without the secret in the path there is nothing, with it only what a report is", async () => {
  await channel.listen(desk, lease.signal);
  await ship();
  const url = new URL(posted().reportTo ?? "");
  const ask = async (path: string, init: RequestInit = {}): Promise<number> =>
    (await fetch(new URL(path, url.origin), init)).status;
  const asked = `?id=${posted().id}&state=delivered`;
  expect(await ask(`/${asked}`)).toBe(404);
  expect(await ask(`/${SECRET}x${asked}`)).toBe(404);
  expect(await ask(`/${SECRET.slice(1)}${asked}`)).toBe(404);
  expect(await ask(`/${SECRET}`)).toBe(400);
  expect(await ask(`/${SECRET}${asked}`, { method: "DELETE" })).toBe(405);
  expect(await ask(`/${SECRET}`, { method: "POST", body: "x".repeat(20_000) })).toBe(413);
  const json = { "content-type": "application/json" };
  expect(await ask(`/${SECRET}`, { method: "POST", headers: json, body: "{" })).toBe(400);
  expect(receipts).toEqual([]);
  expect(await ask(`/any/prefix/${SECRET}${asked}`)).toBe(200);
  expect(receipts).toHaveLength(1);
});

test("with the lease the webhook goes, and a report that nobody took is to be repeated", async () => {
  const asked = Promise.withResolvers<void>();
  const slow: FrontDesk = {
    ...desk,
    receipt: async () => {
      asked.resolve();
      await new Promise(() => undefined);
    },
  };
  await channel.listen(slow, lease.signal);
  await ship();
  const reporting = gateway.report(posted(), "delivered");
  await asked.promise;
  lease.abort();
  expect(await reporting).toBe(503);
  await channel.close();
  await expect(gateway.report(posted(), "delivered")).rejects.toThrow("fetch failed");
});
