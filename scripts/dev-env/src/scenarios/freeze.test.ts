// Frozen, blocked, locked: what stops a user's confirmations, and that his own key alone brings them back.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { readLedger } from "../installation.ts";
import { last } from "../parts.ts";
import { reasonOf } from "./error-info.ts";
import { Reason } from "./hands.ts";
import { expectExit, Scene, type Somebody } from "./scene.ts";

const folder = tempFolder();
let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open({ folder, mode: "B" });
}, 400_000);
afterAll(() => scene?.close());

const executions = (): number => readLedger(scene.installation).filter(({ type }) => type === "transaction").length;

/** Thaws by command line and key. */
async function thaw({ run, hands }: Somebody): Promise<void> {
  const client = run("thaw");
  const pages = await hands.confirm();
  expect(pages.map(({ value }) => value.replaceAll(/ +/g, " "))).toEqual(["Allow confirmations again"]);
  await expectExit(client, 0);
  await hands.phoneSays("Your confirmations work again");
}

/** A payment that goes through: nothing is left of what stopped him. */
async function paysAgain({ pay, hands }: Somebody): Promise<void> {
  const before = executions();
  const client = pay();
  await hands.confirm();
  await expectExit(client, 0);
  expect(executions()).toBe(before + 1);
}

test("check 06: /freeze in the chat stops payments at once, exit 23; a thaw signed on the key frees them", async () => {
  const somebody = await scene.user();
  const { hands, pay } = somebody;
  await hands.phone.send("/freeze");
  await hands.phoneSays("Frozen: nothing can be confirmed");
  await expectExit(pay(), 23);
  expect((await hands.screen()).page).not.toBe("pages");
  await thaw(somebody);
  await paysAgain(somebody);
}, 400_000);

test("check 06: /freeze while the key waits for the code: the right code is refused, exit 23, nothing executed", async () => {
  const somebody = await scene.user();
  const { hands, pay } = somebody;
  const before = executions();
  const client = pay();
  const pages = await hands.readAndProve();
  const code = await hands.codeFor(pages);
  await hands.phone.send("/freeze");
  await hands.phoneSays("Frozen: nothing can be confirmed");
  await hands.key.type(code);
  await expectExit(client, 23);
  expect(executions()).toBe(before);
}, 400_000);

test("check 06: /thaw in the chat asks, the key signs: the client takes up the THAW that is open", async () => {
  const somebody = await scene.user();
  const { hands, run } = somebody;
  await hands.phone.send("/thaw");
  await hands.phoneSays("Your confirmations are not frozen");
  await hands.phone.send("/freeze");
  await hands.phoneSays("Frozen: nothing can be confirmed");
  await hands.phone.send("/thaw");
  await hands.phoneSays("A message with a code follows");
  const client = run("thaw");
  const pages = await hands.confirm();
  expect(pages[0]?.tag).toBe(pages.at(-1)?.tag);
  expect(await hands.count(pages[0]?.tag ?? "")).toBe(1);
  await expectExit(client, 0);
  await hands.phoneSays("Your confirmations work again");
  await paysAgain(somebody);
}, 400_000);

test("threat 25: Not me in the chat ends the payment with exit 13 and freezes all others; only the key thaws", async () => {
  const somebody = await scene.user();
  const { hands, pay } = somebody;
  const before = executions();
  const client = pay();
  const pages = await hands.readAndProve();
  const code = await hands.codeFor(pages);
  await hands.phone.press(await hands.phoneSays(pages.at(-1)?.tag ?? ""), "Not me");
  const { told } = await expectExit(client, 13);
  expect(told.at(-1)).toMatchObject({ state: "REJECTED", onKey: false, because: "not me" });
  await hands.phoneSays("Stopped by you (not you) · nothing was sent");
  expect(await hands.chat()).not.toContain(code);
  await expectExit(pay(), 23);
  expect(executions()).toBe(before);
  await thaw(somebody);
  await paysAgain(somebody);
}, 400_000);

test("threat 25: not me on the key, without any PIN, freezes as well", async () => {
  const somebody = await scene.user();
  const { hands, pay } = somebody;
  const client = pay();
  await hands.isAsked();
  await hands.reject(Reason.NOT_ME);
  const { told } = await expectExit(client, 10);
  expect(told.map(({ step }) => step)).not.toContain("PIN");
  await hands.phoneSays("Stopped by you (not you) · nothing was sent");
  await expectExit(pay(), 23);
}, 400_000);

test("check 05: the third wrong code locks, exit 16; the phone counts; the right code is refused afterwards", async () => {
  const { hands, pay } = await scene.user();
  const before = executions();
  const client = pay();
  await hands.mistype();
  await hands.phoneSays("Wrong code, 2 tries left");
  await hands.mistype();
  await hands.phoneSays("Wrong code, 1 try left");
  const code = await hands.mistype();
  const { told } = await expectExit(client, 16);
  expect(JSON.stringify(told)).not.toMatch(/tries/i);
  await hands.phoneSays("Too many wrong codes · nothing was sent");

  const { transaction } = await scene.parts.transactions.get({ transactionId: String(told.at(-1)?.["transactionId"]) });
  if (transaction === undefined) throw new Error("the transaction is gone");
  const signing = last(scene.parts.device.sign(scene.parts.toSign(transaction)));
  await hands.readAndProve();
  await hands.key.type(code);
  const { event } = await signing;
  if (event?.$case !== "signed") throw new Error("the key did not sign");
  const { transactionId } = transaction;
  const { signedStatement } = event.value;
  const late = scene.parts.verification.submitStatement({ transactionId, signedStatement });
  expect(await reasonOf(late)).toBe("STATE_CONFLICT");
  expect(executions()).toBe(before);
}, 400_000);

test("check 06: five wrong codes in a row over two payments block; he is warned before; a thaw frees him", async () => {
  const somebody = await scene.user();
  const { hands, pay } = somebody;
  const before = executions();
  const first = pay();
  for (let wrong = 0; wrong < 3; wrong += 1) await hands.mistype();
  await expectExit(first, 16);
  const second = pay();
  await hands.mistype();
  await hands.phoneSays("One more wrong code will block your confirmations");
  await hands.mistype();
  await hands.phoneSays("your confirmations are blocked");
  await hands.confirm();
  await expectExit(second, 23);
  await expectExit(pay(), 23);
  expect(executions()).toBe(before);
  await thaw(somebody);
  await paysAgain(somebody);
}, 400_000);
