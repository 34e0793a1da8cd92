// What Prometheus reads of a core that has done its work, and whether the alerts ask for what there is.
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { credentials, Metadata, status } from "@grpc/grpc-js";
import { ChannelServiceClient } from "@countersign/proto/node/channel/v1/channel_service";
import { VerificationServiceClient } from "@countersign/proto/node/core/v1/verification_service";
import { ScriptedBot } from "../channel/testing/scripted-bot.ts";
import type { CoreGiven } from "../given.ts";
import { peerKey, tokenKey } from "../identity/entity-key.ts";
import { Gate } from "../rpc/gate.ts";
import { serve, type Serving } from "../rpc/server.ts";
import { newToken, tokenId } from "../rpc/token.ts";
import { dueHandlersOf, servicesOf } from "../services.ts";
import { Sweeper } from "../sweep.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { createTransaction } from "../transaction/create.ts";
import { happen } from "../transaction/happen.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { Monitor } from "./monitor.ts";
import { isLabel, readText } from "./testing/read-text.ts";

const ALERTS = "docs/operations/alerts.yaml";
const RUNBOOK = "docs/operations.md";

let world: CoreWorld;
let given: CoreGiven;
let monitor: Monitor;
let serving: Serving;
let sweeper: Sweeper;
let address: string;
const clients: { close(): void }[] = [];

beforeEach(async () => {
  world = await CoreWorld.open();
  monitor = new Monitor();
  const gate = new Gate();
  given = { ...world.given, store: monitor.around(world.given.store), gate, calls: monitor.metrics };
  sweeper = new Sweeper(given, dueHandlersOf(given));
  const watched = { store: given.store, sweeper, draining: new AbortController().signal, line: () => gate.line };
  const listen = { host: "127.0.0.1", port: 0 };
  address = await monitor.serve({ listen, tls: undefined }, watched);
  serving = await serve(servicesOf(given), { listen, tls: undefined, maxStreams: 100, reflection: false });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await sweeper.stop();
  await serving.close(1000);
  await monitor.close();
});

async function scrape(): Promise<ReturnType<typeof readText>> {
  const response = await fetch(`http://${address}/metrics`);
  expect(response.status).toBe(200);
  return readText(await response.text());
}

async function attach(): Promise<ScriptedBot> {
  const { tenantId, botId, linkId } = world;
  await world.put(peerKey(tenantId, botId, linkId), { ...world.identity, linkId });
  const token = newToken("cs_bot_", given.random);
  await world.put(tokenKey(tokenId(token)), { kind: "bot", tenantId, botId });
  const channel = new ChannelServiceClient(serving.address, credentials.createInsecure());
  clients.push(channel);
  const bot = new ScriptedBot(channel, token);
  clients.unshift({ close: () => bot.kill() });
  await bot.hello();
  return bot;
}

test("a transaction from its beginning to its end is in the figures of a real scrape", async () => {
  const bot = await attach();
  const made = await createTransaction(given, world.draft());
  if (isRefusal(made)) throw new Error(made.message);
  const { transaction } = made;
  await bot.code();
  const { token } = await world.addApp(world.tenantId, "submit");
  const client = new VerificationServiceClient(serving.address, credentials.createInsecure());
  clients.push(client);
  const submit = (code: string): Promise<number> => {
    const metadata = new Metadata();
    metadata.set("authorization", `Bearer ${token}`);
    const signedStatement = Buffer.from(world.signed(transaction, { code }));
    return new Promise((resolve) =>
      client.submitStatement({ transactionId: transaction.txId, signedStatement }, metadata, (error) =>
        resolve(error?.code ?? status.OK),
      ),
    );
  };
  expect(await submit(world.wrongCode(transaction))).toBe(status.PERMISSION_DENIED);
  expect(await submit(world.code(transaction))).toBe(status.OK);
  const claim = { claimId: "c", appId: world.appId, txDigest: transaction.txDigest, leaseMs: 60_000, idempotent: true };
  await happen(given, transaction.txId, { type: "claimed", ...claim }, "test");
  const lease = { appId: world.appId, fence: 1 };
  await happen(given, transaction.txId, { type: "begun", ...lease }, "test");
  await happen(given, transaction.txId, { type: "reported", ...lease, outcome: "EXECUTED", detail: "" }, "test");
  await sweeper.sweep();

  const { value, names, strays } = await scrape();
  const method = "VerificationService/SubmitStatement";
  for (const state of ["PENDING", "CONFIRMED", "EXECUTING", "EXECUTED"])
    expect([state, value("countersign_transactions_total", { state })]).toEqual([state, 1]);
  expect(value("countersign_statements_total", { compared: "yes" })).toBe(2);
  for (const reason of ["WRONG_CODE", "ACCEPTED"]) expect(value("countersign_verdicts_total", { reason })).toBe(1);
  for (const code of ["PERMISSION_DENIED", "OK"])
    expect(value("countersign_rpc_seconds_count", { method, code })).toBe(1);
  expect(value("countersign_delivery_attempts_total", { channel: "sandbox", outcome: "handed" })).toBeGreaterThan(0);
  expect(value("countersign_delivery_wait_seconds_count", { channel: "sandbox" })).toBeGreaterThan(0);
  expect(value("countersign_streams_open", { method: "ChannelService/Attach" })).toBe(1);
  expect(value("countersign_store_commit_seconds_count", { outcome: "committed" })).toBeGreaterThan(5);
  expect(value("countersign_store_load_seconds_count", { outcome: "loaded" })).toBeGreaterThan(5);
  expect(value("countersign_call_cost_seconds", {})).toBeGreaterThan(0);
  expect(names).toContain("countersign_sweep_age_seconds");
  expect(strays()).toEqual([]);
});

/** Series names of Prometheus that belong to one metric. */
function metricOf(series: string): string {
  return series.replace(/_(bucket|count|sum)$/, "");
}

test("every metric and label value that an alert names exists, and every alert has its place in the runbook", async () => {
  const { names } = await scrape();
  const rules = readFileSync(ALERTS, "utf8");
  const expressions = rules
    .split("\n")
    .filter((line) => !/^\s*#|annotations:|labels:/.test(line))
    .join("\n");
  const series = [...expressions.matchAll(/\b(?:countersign|process)_[a-z_]+\b/g)].map(([name]) => name);
  expect(series.length).toBeGreaterThan(20);
  expect(series.filter((name) => !names.has(name) && !names.has(metricOf(name)))).toEqual([]);
  const selectors = [...expressions.matchAll(/([a-z]+)=~?"([^"]*)"/g)];
  expect(selectors.length).toBeGreaterThan(10);
  const values = selectors.flatMap(([, label = "", some = ""]) => some.split("|").map((one) => [label, one] as const));
  expect(values.filter(([label, one]) => !isLabel(label, one))).toEqual([]);
  const recorded = new Set([...rules.matchAll(/record: (\S+)/g)].map(([, name]) => name));
  const asked = [...expressions.matchAll(/expr:.*?(countersign:[a-z0-9_]+)/g)].map(([, name]) => name);
  expect(asked.filter((name) => !recorded.has(name))).toEqual([]);
  const alerts = [...rules.matchAll(/alert: (\S+)/g)].map(([, name = ""]) => name);
  expect(alerts.length).toBeGreaterThan(15);
  const runbook = readFileSync(RUNBOOK, "utf8");
  expect(alerts.filter((name) => !runbook.includes(`| ${name} |`))).toEqual([]);
});

test("docs: every metric that a core has is in the table of how to run one", async () => {
  const { names } = await scrape();
  const table = readFileSync("docs/how-to/run-a-core.md", "utf8");
  expect([...names].filter((name) => !table.includes(`| \`${name}\` |`))).toEqual([]);
});
