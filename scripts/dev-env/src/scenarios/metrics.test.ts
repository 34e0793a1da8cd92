// What a core tells its monitoring while a payment is confirmed, and what it never tells it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { wrongOf } from "./hands.ts";
import { filesBelow, findSecrets } from "./leavings.ts";
import { expectExit, Scene } from "./scene.ts";

const ADMIN = ["--admin-listen", "127.0.0.1:0"];
// So long that no figure of a scrape is one by chance.
const DIGITS = 10;

const folder = tempFolder();
let scene: Scene;
const scrapes: string[] = [];

beforeAll(async () => {
  const policy = { digits: DIGITS, highValueDigits: DIGITS };
  scene = await Scene.open({ folder, mode: "B", policy, coreArgs: ADMIN });
}, 400_000);
afterAll(() => scene?.close());

const urlOf = (page: string): string => `http://${String(scene.installation.core().ready["adminAddress"])}${page}`;

async function scrape(): Promise<string> {
  const text = await (await fetch(urlOf("/metrics"))).text();
  scrapes.push(text);
  return text;
}

/** Value of a series by its text up to the value, such as `x_total{a="b"}`. */
function valueOf(text: string, series: string): number {
  const line = text.split("\n").find((one) => one.startsWith(`${series} `));
  return line === undefined ? 0 : Number(line.slice(series.length + 1));
}

test("check 16, threat 21: a whole confirmation is counted, and no scrape of it holds a code, token, nonce or id", async () => {
  const { desk, hands, pay } = await scene.user();
  expect((await fetch(urlOf("/readyz"))).status).toBe(200);
  expect((await fetch(urlOf("/healthz"))).status).toBe(200);
  const before = await scrape();

  const client = pay();
  const pages = await hands.readAndProve();
  await scrape();
  const code = await hands.codeFor(pages);
  await hands.key.type(wrongOf(code));
  await hands.phoneSays("Wrong code, 2 tries left");
  const wrong = await scrape();
  await hands.confirm();
  const { output } = await expectExit(client, 0);
  await hands.phoneSays("Executed");
  const after = await scrape();

  const grew = (series: string): number => valueOf(after, series) - valueOf(before, series);
  for (const state of ["PENDING", "CONFIRMED", "EXECUTING", "EXECUTED"]) {
    expect([state, grew(`countersign_transactions_total{state="${state}"}`)]).toEqual([state, 1]);
  }
  expect(valueOf(wrong, 'countersign_verdicts_total{reason="WRONG_CODE"}')).toBe(1);
  expect(grew('countersign_verdicts_total{reason="ACCEPTED"}')).toBe(1);
  expect(grew('countersign_statements_total{compared="yes"}')).toBe(2);
  expect(grew('countersign_delivery_attempts_total{channel="telegram",outcome="sent"}')).toBeGreaterThanOrEqual(2);
  expect(grew('countersign_rpc_seconds_count{method="TransactionService/Create",code="OK"}')).toBe(1);
  expect(valueOf(after, 'countersign_streams_open{method="ChannelService/Attach"}')).toBe(1);
  expect(grew('countersign_store_commit_seconds_count{outcome="committed"}')).toBeGreaterThan(5);
  expect(grew("countersign_store_group_changes_count")).toBeGreaterThan(5);

  const secrets = new Map<string, Uint8Array>();
  const keep = (what: string, value: string): void => void secrets.set(what, Buffer.from(value));
  for (const one of hands.codes) keep(`code ${secrets.size}`, one);
  keep("wrong code", wrongOf(code));
  for (const [name, token] of filesBelow(join(folder, "tokens"))) keep(name, Buffer.from(token).toString().trim());
  for (const name of ["code.key", "store.key", "token.key"]) {
    keep(name, readFileSync(join(folder, "secrets", name), "utf8").trim());
  }
  keep("user", desk.userId);
  keep("tenant", "acme");
  keep("issuer", scene.installation.issuer);
  for (const [, id = ""] of output.matchAll(/"([0-9a-f]{32})"/g)) keep(`id ${secrets.size}`, id);
  expect(secrets.size).toBeGreaterThan(9);
  expect(findSecrets(secrets, new Map(scrapes.map((text, at) => [`scrape ${at}`, Buffer.from(text)])))).toEqual([]);
  // Nor, beside its figures, any other text that could be an id, a nonce or a token.
  const words = scrapes.join("\n").replaceAll(/ [0-9.e+-]+$/gm, "");
  expect(words).toContain('countersign_streams_open{method="ChannelService/Attach"}');
  expect(words).not.toMatch(/[0-9a-f]{16}|\bcs_|[A-Za-z0-9-]{32}/);
}, 400_000);
