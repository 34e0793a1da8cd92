// A real core's services, whose spans go over HTTP to a collector that takes well-formed OTLP alone.
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { credentials, Metadata, status } from "@grpc/grpc-js";
import { ChannelServiceClient } from "@countersign/proto/node/channel/v1/channel_service";
import { TransactionServiceClient } from "@countersign/proto/node/core/v1/transaction_service";
import { VerificationServiceClient } from "@countersign/proto/node/core/v1/verification_service";
import { ScriptedBot } from "../channel/testing/scripted-bot.ts";
import type { CoreGiven } from "../given.ts";
import { peerKey, tokenKey } from "../identity/entity-key.ts";
import { serve, type Serving } from "../rpc/server.ts";
import { newToken, tokenId } from "../rpc/token.ts";
import { servicesOf } from "../services.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { OpenTracing } from "./open-tracing.ts";
import { Collector, type TakenSpan } from "./testing/collector.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER = "00f067aa0ba902b7";
const SUBMIT = "countersign.core.v1.VerificationService/SubmitStatement";

let collector: Collector;
let tracing: OpenTracing;
let world: CoreWorld;
let serving: Serving;
let token: string;
let verification: VerificationServiceClient;
const clients: { close(): void }[] = [];

/** A slow machine is no reason to lose a span; where the end is what is looked at, it comes soon. */
const PATIENT = { exportMs: 60_000, flushMs: 60_000 };
const IMPATIENT = { exportMs: 1000, flushMs: 500 };

async function start(ratio: number, patience = PATIENT): Promise<void> {
  collector = new Collector();
  tracing = new OpenTracing({ endpoint: `${await collector.open()}/`, ratio }, patience);
  world = await CoreWorld.open();
  const given: CoreGiven = {
    ...world.given,
    store: tracing.aroundStore(world.given.store),
    gate: tracing.gate,
    trace: tracing.tracing,
  };
  const services = servicesOf(given).map((service) => tracing.aroundService(service));
  const listen = { host: "127.0.0.1", port: 0 };
  serving = await serve(services, { listen, tls: undefined, maxStreams: 100, reflection: false });
  token = (await world.addApp(world.tenantId, "submit")).token;
  verification = new VerificationServiceClient(serving.address, credentials.createInsecure());
  clients.push(verification);
}

async function stop(): Promise<void> {
  for (const client of clients.splice(0)) client.close();
  await serving.close(1000);
  await tracing.close();
  await collector.close();
}

beforeEach(() => start(1));
afterEach(stop);

function submit(txId: string, signed: Uint8Array, more: Readonly<Record<string, string>> = {}): Promise<number> {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries({ authorization: `Bearer ${token}`, ...more })) metadata.add(name, value);
  const request = { transactionId: txId, signedStatement: Buffer.from(signed) };
  return new Promise((resolve) =>
    verification.submitStatement(request, metadata, (error) => resolve(error?.code ?? status.OK)),
  );
}

/** All spans, once the core has ended. */
async function taken(): Promise<TakenSpan[]> {
  for (const client of clients) client.close();
  await serving.close(1000);
  await tracing.close();
  expect(collector.complaints).toEqual([]);
  return collector.spans;
}

function below(spans: readonly TakenSpan[], parent: TakenSpan | undefined): TakenSpan[] {
  return spans.filter(({ parentSpanId }) => parentSpanId !== undefined && parentSpanId === parent?.spanId);
}

describe("a call", () => {
  test("is a span below the caller's; the verification is one below it, and the store's work below that", async () => {
    const pending = await world.pending();
    expect(await submit(pending.txId, world.signed(pending), { traceparent: `00-${TRACE}-${CALLER}-01` })).toBe(0);
    const spans = await taken();
    const call = spans.find(({ name }) => name === SUBMIT);
    expect(call).toMatchObject({ traceId: TRACE, parentSpanId: CALLER, failed: false });
    const [service, method] = SUBMIT.split("/");
    expect(call?.facts).toEqual({
      "rpc.system": "grpc",
      "rpc.service": service,
      "rpc.method": method,
      "rpc.grpc.status_code": status.OK,
    });
    const judged = below(spans, call).find(({ name }) => name === "verification");
    expect(judged?.facts).toEqual({ "countersign.reason": "ACCEPTED" });
    const work = below(spans, judged);
    expect(work.every(({ traceId }) => traceId === TRACE)).toBe(true);
    const commits = work.filter(({ name }) => name === "store.commit");
    expect(commits.map(({ facts }) => facts["countersign.outcome"])).toEqual(["committed", "committed"]);
    expect(work.filter(({ name }) => name === "store.load").length).toBeGreaterThan(1);
  });

  test("that is refused says why, and is no failure", async () => {
    const pending = await world.pending();
    const wrong = world.signed(pending, { code: world.wrongCode(pending) });
    expect(await submit(pending.txId, wrong)).toBe(status.PERMISSION_DENIED);
    const spans = await taken();
    const call = spans.find(({ name }) => name === SUBMIT);
    expect(call).toMatchObject({ parentSpanId: undefined, failed: false });
    expect(call?.facts).toMatchObject({
      "rpc.grpc.status_code": status.PERMISSION_DENIED,
      "countersign.reason": "WRONG_CODE",
    });
  });

  test("that a fault ends is a failure, without a word of the fault", async () => {
    const pending = await world.pending();
    const store = world.given.store;
    const commit = store.commit.bind(store);
    store.commit = () => Promise.reject(new Error("secret 123456"));
    expect(await submit(pending.txId, world.signed(pending))).toBe(status.INTERNAL);
    store.commit = commit;
    const spans = await taken();
    for (const name of [SUBMIT, "verification", "store.commit"])
      expect(spans.find((span) => span.name === name)).toMatchObject({ failed: true });
    expect(collector.bodies.join("")).not.toContain("123456");
  });

  test("keeps its own spans, however many wait in the line", async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => world.pending()));
    const traces = all.map((_, i) => `${i + 1}`.repeat(32));
    await Promise.all(
      all.map((pending, i) =>
        submit(pending.txId, world.signed(pending), { traceparent: `00-${traces[i]}-${CALLER}-01` }),
      ),
    );
    const spans = await taken();
    const commits = traces.map((trace) =>
      spans.filter(({ traceId, name }) => traceId === trace && name === "store.commit"),
    );
    for (const mine of commits) expect(mine.length).toBeGreaterThanOrEqual(2);
    const roots = spans.filter(({ name }) => name === SUBMIT);
    expect(roots.map(({ traceId }) => traceId).toSorted()).toEqual(traces);
  });
});

test("a delivery is a span from the hand-out until the bot's report", async () => {
  const { tenantId, botId, linkId } = world;
  await world.put(peerKey(tenantId, botId, linkId), { ...world.identity, linkId });
  const botToken = newToken("cs_bot_", world.given.random);
  await world.put(tokenKey(tokenId(botToken)), { kind: "bot", tenantId, botId });
  const channel = new ChannelServiceClient(serving.address, credentials.createInsecure());
  clients.push(channel);
  const bot = new ScriptedBot(channel, botToken);
  await bot.hello();
  await world.pending();
  await bot.code();
  await bot.close();
  const attempts = (await taken()).filter(({ name }) => name === "delivery.attempt");
  expect(attempts.length).toBeGreaterThan(0);
  for (const { facts, parentSpanId } of attempts) {
    expect(parentSpanId).toBeUndefined();
    expect(facts).toMatchObject({ "countersign.channel": "sandbox", "countersign.outcome": expect.any(String) });
  }
});

test("check 16: no code, token, name, amount, account or id is in any span", async () => {
  const { transaction, confirmationToken } = await world.create();
  const code = world.code(transaction);
  await submit(transaction.txId, world.signed(transaction, { code: world.wrongCode(transaction) }));
  await submit(transaction.txId, world.signed(transaction), { authorization: `Bearer ${confirmationToken}` });
  await submit(transaction.txId, new TextEncoder().encode(code), { tracestate: `x=${code}`, baggage: `user=erika` });
  const transactions = new TransactionServiceClient(serving.address, credentials.createInsecure());
  clients.push(transactions);
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  const list = { userId: world.userId, pageSize: 10, pageToken: "", states: [] };
  await new Promise((resolve) => transactions.list(list, metadata, resolve));
  await taken();
  const said = collector.bodies.join("");
  expect(said).toContain("TransactionService/List");
  const { txId, tag } = transaction;
  const secrets = [token, confirmationToken, txId, tag, world.userId, world.tenantId, world.appId, world.key.keyId];
  for (const secret of [...secrets, "Müller", "DE8937", "blue teapot"]) expect(said).not.toContain(secret);
  // Six digits are bound to occur in ids and times: as a value of their own they are not.
  expect(said).not.toMatch(new RegExp(`(?<![0-9a-f])${code}(?![0-9a-f])`));
});

describe("a collector", () => {
  beforeEach(async () => {
    await stop();
    await start(1, IMPATIENT);
  });

  test("that is not there disturbs no call, and no end", async () => {
    await collector.close();
    const pending = await world.pending();
    expect(await submit(pending.txId, world.signed(pending))).toBe(0);
    await tracing.close();
    expect(collector.spans).toEqual([]);
  });

  test("that hangs holds up the end for a moment alone", async () => {
    const letGo = collector.hold();
    const pending = await world.pending();
    expect(await submit(pending.txId, world.signed(pending))).toBe(0);
    await tracing.close();
    expect(collector.bodies).toEqual([]);
    letGo();
  });
});

test("a caller cannot have more traced than the installation wants, and less if he wants", async () => {
  const unwanted = await world.pending();
  await submit(unwanted.txId, world.signed(unwanted), { traceparent: `00-${TRACE}-${CALLER}-00` });
  expect((await taken()).filter(({ name }) => name === SUBMIT)).toEqual([]);
  await stop();
  await start(0);
  const pending = await world.pending();
  expect(await submit(pending.txId, world.signed(pending), { traceparent: `00-${TRACE}-${CALLER}-01` })).toBe(0);
  expect(await taken()).toEqual([]);
});
