// A payment and who is told of it: real core, bank, key, chat, command and receiver, each a process or a server of its own.
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { FROM_SOURCE, ROOT, runOnce } from "@countersign/testing/child";
import { readLedger } from "../installation.ts";
import { newPayment } from "../new-payment.ts";
import { reasonOf } from "../scenarios/error-info.ts";
import { expectExit, Scene } from "../scenarios/scene.ts";
import { hasJudge, judge } from "./judge.ts";
import { Taker, type Taken } from "./taker.ts";

const CLI = "clients/cli/src/main.ts";
const ALLOW = ["--webhook-allow", "127.0.0.1"];
const peerTest = testWith("standard-webhooks", hasJudge);

const folder = tempFolder();
const tokenFile = join(folder, "anna.token");
const secretFile = join(folder, "endpoint.secret");
let scene: Scene;
let taker: Taker;
let endpointId: string;
const children: ChildProcess[] = [];

/** `countersign --json ARGS`; its lines. */
async function countersign(...args: string[]): Promise<Record<string, unknown>[]> {
  const output = await runOnce(CLI, flags(args), { HOME: folder, XDG_CONFIG_HOME: join(folder, "config") });
  return output
    .trim()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

function flags(args: readonly string[]): string[] {
  const { coreAddress } = scene.installation;
  return ["--json", "--core", coreAddress, "--admin-token", tokenFile, ...args];
}

const secretOf = (file: string): string => readFileSync(file, "utf8").trim();
const judged = ({ headers, body }: Taken, secret: string) => ({ secret, headers, body });
const of = (id: string, state: string) => (taken: Taken) =>
  taken.told.data.transaction_id === id && taken.told.data.state === state;

beforeAll(async () => {
  scene = await Scene.open({ folder, mode: "B", coreArgs: ALLOW });
  taker = await Taker.open();
  const invitation = join(folder, "secrets/first-admin.token");
  await countersign(
    "admin",
    "claim",
    invitation,
    "--as",
    "anna",
    "--token-out",
    tokenFile,
    "--token-only",
    "--phrase",
    "red kite",
  );
  const [added] = await countersign("admin", "webhook", "add", taker.url, "--secret-out", secretFile, "--for", "books");
  endpointId = String(added?.["endpointId"]);
}, 400_000);
afterAll(async () => {
  for (const child of children) child.kill();
  await taker?.down();
  await scene?.close();
});

peerTest(
  "a payment is told state by state, and an implementation that is not ours finds every signature right",
  async () => {
    const { hands, pay } = await scene.user();
    const client = pay();
    await hands.confirm();
    const { told } = await expectExit(client, 0);
    const id = String(told.at(-1)?.["transactionId"]);
    await taker.next(of(id, "EXECUTED"));
    const states = taker.taken.filter((one) => one.told.data.transaction_id === id).map((one) => one.told.type);
    const types = ["created", "confirmed", "executing", "executed"].map((state) => `transaction.${state}`);
    expect(states.toSorted()).toEqual(types.toSorted());
    const secret = secretOf(secretFile);
    expect(secret).toMatch(/^whsec_/);
    expect(new Set(await judge(taker.taken.map((one) => judged(one, secret))))).toEqual(new Set(["true"]));
    const forged = taker.taken
      .slice(0, 1)
      .flatMap((one) => [
        { ...judged(one, secret), body: one.body.replace("PENDING", "EXECUTED").replace("created", "executed") },
        { ...judged(one, secret), headers: { ...one.headers, "webhook-id": "evt_other" } },
        judged(one, `whsec_${Buffer.alloc(32).toString("base64")}`),
      ]);
    expect(await judge(forged)).not.toContain("true");
    // Neither code nor content: what stands in the payment stands in no message.
    for (const code of hands.codes) expect(taker.taken.map(({ body }) => body).join()).not.toContain(code);
    expect(taker.taken.map(({ body }) => body).join()).not.toMatch(/IBAN|EUR|GmbH/);
  },
  400_000,
);

test("a core that is killed while it posts tells it again when it is back, under the same id", async () => {
  const from = taker.taken.length;
  const { desk } = await scene.user();
  const held = Promise.withResolvers<void>();
  taker.hold = held.promise;
  const { transactionId } = await newPayment(scene.parts, desk.userId);
  const first = await taker.next(of(transactionId, "PENDING"), from);
  await scene.installation.restartCore(ALLOW);
  taker.hold = Promise.resolve();
  held.resolve();
  const again = await taker.next((one) => one !== first && of(transactionId, "PENDING")(one), from);
  expect(again.headers["webhook-id"]).toBe(first.headers["webhook-id"]);
  expect(again.body).toBe(first.body);
}, 400_000);

test("a receiver that was down hears what it missed once it is up", async () => {
  await taker.down();
  const from = taker.taken.length;
  const [triggered] = await countersign("trigger", "transaction.rejected");
  const id = String(triggered?.["webhookId"]);
  for (;;) {
    const rows = await countersign("admin", "webhook", "deliveries", endpointId, "--state", "pending");
    if (rows.some((row) => row["webhookId"] === id && row["lastResult"] === "unreachable")) break;
  }
  await taker.up();
  const taken = await taker.next(({ headers }) => headers["webhook-id"] === id, from);
  expect(taken.told).toMatchObject({ type: "transaction.rejected", test: true });
}, 400_000);

test("what was told is told again; a test tells how it ended", async () => {
  const from = taker.taken.length;
  const [tested] = await countersign("admin", "webhook", "test", endpointId);
  expect(tested).toMatchObject({ state: "WEBHOOK_DELIVERY_STATE_DELIVERED", lastStatus: 204, exit: 0 });
  const id = String(tested?.["webhookId"]);
  const [replayed] = await countersign("admin", "webhook", "replay", endpointId, "--message", id);
  expect(replayed).toMatchObject({ queued: 1 });
  const first = await taker.next(({ headers }) => headers["webhook-id"] === id, from);
  await taker.next((one) => one !== first && one.headers["webhook-id"] === id, from);
}, 400_000);

peerTest(
  "after a rotation a receiver with either secret takes it",
  async () => {
    const newFile = join(folder, "endpoint-2.secret");
    await countersign("admin", "webhook", "rotate", taker.url, "--secret-out", newFile);
    const [tested] = await countersign("admin", "webhook", "test", endpointId);
    const taken = await taker.next(({ headers }) => headers["webhook-id"] === tested?.["webhookId"]);
    const [old, next] = [secretOf(secretFile), secretOf(newFile)];
    expect(next).not.toBe(old);
    expect(await judge([judged(taken, old), judged(taken, next)])).toEqual(["true", "true"]);
  },
  400_000,
);

peerTest(
  "listen forwards to a program on this machine what an endpoint would get",
  async () => {
    const local = await Taker.open();
    const args = flags(["listen", "--forward-to", local.url, "--event", "transaction."]);
    const child = spawn(process.execPath, [...FROM_SOURCE, CLI, ...args], {
      cwd: ROOT,
      env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: join(folder, "config") },
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const line = async () => JSON.parse(String((await lines.next()).value)) as Record<string, unknown>;
    const { secret } = await line();
    const [triggered] = await countersign("trigger", "transaction.executed");
    const taken = await local.next(({ told }) => told.test === true);
    expect(taken.headers["webhook-id"]).toBe(triggered?.["webhookId"]);
    expect(await judge([judged(taken, String(secret)), judged(taken, secretOf(secretFile))])).toEqual([
      "true",
      expect.not.stringMatching("true"),
    ]);
    expect(await line()).toMatchObject({ webhookId: triggered?.["webhookId"], status: 204 });
    const gone = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGINT");
    expect(await gone).toBe(0);
    await local.down();
  },
  400_000,
);

test("a forged webhook makes nobody execute anything: the lease is the truth", async () => {
  const { desk } = await scene.user();
  const { transactionId, txDigest } = await newPayment(scene.parts, desk.userId);
  const before = readLedger(scene.installation).length;
  // Whoever forges even with the right secret says what is not so. An executor asks the core, which gives no lease.
  const claiming = scene.parts.execution.claim({ transactionId, txDigest, claimId: "told-by-a-webhook" });
  expect(await reasonOf(claiming)).toBe("STATE_CONFLICT");
  // Nor does a test, whose transaction is none, whatever it says of itself.
  const from = taker.taken.length;
  await countersign("trigger", "transaction.confirmed");
  const { told } = await taker.next((one) => one.told.type === "transaction.confirmed" && one.told.test === true, from);
  const tested = { transactionId: told.data.transaction_id, txDigest, claimId: "told-by-a-test" };
  const unknown = scene.parts.execution.claim(tested);
  expect(await reasonOf(unknown)).toBe("UNKNOWN_TRANSACTION");
  const { transaction } = await scene.parts.transactions.get({ transactionId });
  expect(transaction?.state).toBe(1); // PENDING
  expect(readLedger(scene.installation)).toHaveLength(before);
}, 400_000);
