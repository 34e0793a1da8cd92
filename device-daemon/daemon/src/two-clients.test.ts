import { randomBytes } from "node:crypto";
import { setTimeout as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { SignResponse } from "@countersign/proto/node/device/v1/device_service";
import { decodeStatement, encodeContent, Kind, parseSigned, renderFields, toHex } from "@countersign/protocol";
import { collect, type DeviceClient } from "./testing/device-client.ts";
import type { SeenScreen } from "./testing/key-hands.ts";
import { enrol, type Rig, setPin, signRequest, startRig } from "./testing/rig.ts";

let rig: Rig;
let keyId: string;

beforeAll(async () => {
  rig = await startRig();
  await setPin(rig);
  keyId = toHex((await enrol(rig)).keyId);
}, 400_000);

afterAll(async () => {
  await rig.stop();
});

function payment(euros: number): Buffer {
  const amount = { currency: "EUR", minorUnits: BigInt(euros) * 100n };
  const lines = renderFields(Kind.PAY, [
    { label: 1, value: { type: "amount", amount } },
    { label: 2, value: { type: "text", text: "Müller GmbH" } },
    { label: 3, value: { type: "account", account: { iban: "DE89370400440532013000" } } },
  ]);
  return Buffer.from(encodeContent({ version: 1, issuer: "Acme Bank", kind: Kind.PAY, lines }));
}

interface Asked {
  readonly transactionId: string;
  readonly euros: number;
  /** Events that its client has received so far. */
  readonly seen: SignResponse[];
  readonly ended: ReturnType<typeof collect<SignResponse, { signedStatement: Buffer; rejected: boolean }>>;
}

/** Asks for a Sign and resolves once the daemon has taken it into the queue, so that the order of asking is known. */
async function ask(client: DeviceClient, requester: string, euros: number): Promise<Asked> {
  const transactionId = randomBytes(16).toString("hex");
  const request = signRequest(keyId, { transactionId, requester, content: payment(euros) });
  const stream = client.startSign(request);
  const seen: SignResponse[] = [];
  stream.on("data", (message: SignResponse) => seen.push(message));
  const ended = collect<SignResponse, { signedStatement: Buffer; rejected: boolean }>(
    stream,
    (message) => message.event,
  );
  while (!rig.daemon.output().includes(`"requester":"${requester}"`)) await nextTurn(1);
  return { transactionId, euros, seen, ended };
}

async function nextPages(after: number): Promise<SeenScreen> {
  return rig.hands.untilScreen(({ page, version }) => page === "pages" && version > after);
}

test("D8: two clients at once are served in the order of asking; each sees its own steps and gets its own statement", async () => {
  const [one, two] = [rig.anotherClient(), rig.anotherClient()];
  const asked: Asked[] = [];
  for (let turn = 0; turn < 6; turn++) {
    const isOne = turn % 3 !== 1;
    asked.push(await ask(isOne ? one : two, `${isOne ? "one" : "two"}-${turn}`, 100 + turn));
  }
  let version = 0;
  for (const [turn, { euros, transactionId, ended }] of asked.entries()) {
    const screen = await nextPages(version);
    ({ version } = screen);
    expect(screen.rows.join("\n")).toContain(`${euros}.00`);
    for (const later of asked.slice(turn + 1)) expect(later.seen).toEqual([]);
    await rig.hands.press("reject", "1", "ok");
    const { last } = await ended;
    const statement = decodeStatement(parseSigned(last?.signedStatement ?? new Uint8Array(0)).payload);
    expect(toHex(statement.txId)).toBe(transactionId);
  }
}, 400_000);

test("D8: what one client waits for is neither seen nor ended by another, which gets its own", async () => {
  const [one, two] = [rig.anotherClient(), rig.anotherClient()];
  const first = await ask(one, "first", 201);
  const second = await ask(two, "second", 202);
  const { version } = await nextPages(0);
  await two.cancel(first.transactionId);
  await two.answer(first.transactionId, "482915").catch(() => undefined);
  expect(await rig.hands.look()).toMatchObject({ page: "pages", version });
  await two.cancel(second.transactionId);
  await expect(second.ended).rejects.toMatchObject({ metadata: { status: "CANCELLED" } });
  expect(await rig.hands.look()).toMatchObject({ page: "pages", version });
  await rig.hands.press("reject", "1", "ok");
  expect((await first.ended).last?.rejected).toBe(true);
});

test("D8: a client that goes while it waits leaves the queue, and nothing of its request reaches the key", async () => {
  const first = await ask(rig.client, "stays", 301);
  const stream = rig.client.startSign(signRequest(keyId, { requester: "goes", content: payment(302) }));
  stream.on("error", () => undefined);
  while (!rig.daemon.output().includes('"requester":"goes"')) await nextTurn(1);
  stream.cancel();
  const third = await ask(rig.client, "comes", 303);
  const { version } = await nextPages(0);
  await rig.hands.press("reject", "1", "ok");
  await first.ended;
  const screen = await nextPages(version);
  expect(screen.rows.join("\n")).toContain("303.00");
  await rig.hands.press("reject", "1", "ok");
  await third.ended;
  expect(rig.hands.seen.some(({ rows }) => rows.join("\n").includes("302.00"))).toBe(false);
});
