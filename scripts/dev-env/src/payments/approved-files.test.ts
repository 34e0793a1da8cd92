// Payments from files where a rule wants a second person: he sits at a PC of his own, with a key and a phone of his own.
import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { Reason } from "../scenarios/hands.ts";
import { expectExit, Scene, type Somebody } from "../scenarios/scene.ts";
import { inWords } from "./in-words.ts";
import { writeOrder } from "./order-file.ts";

/** As the scene names its users, in the order in which they come. */
const DIRECTOR = "user-5001";
const FROM = [{ currency: "EUR", minorUnits: "100000" }];
const POLICY = { approvers: [{ kinds: ["PAY"], from: FROM, users: [DIRECTOR], needed: 1 }] };

const folder = tempFolder();
let scene: Scene;
let director: Somebody;
let clerk: Somebody;

beforeAll(async () => {
  scene = await Scene.open({ folder, mode: "B", policy: POLICY });
  director = await scene.userAtOwnDesk();
  clerk = await scene.user();
}, 400_000);
afterAll(() => scene?.close());

function ledger(): string {
  const { ledgerFile } = scene.installation;
  return existsSync(ledgerFile) ? readFileSync(ledgerFile, "utf8") : "";
}

test("below the limit the clerk alone is enough", async () => {
  const order = writeOrder(folder, 1, [60_000, 39_999]);
  const before = ledger();
  const paying = clerk.run("pay", order.file);
  await clerk.hands.confirm();
  const id = String((await expectExit(paying, 0)).told.at(-1)?.["transactionId"]);
  expect(ledger()).toBe(before + order.ledgerText(id, clerk.desk.userId));
}, 400_000);

test("a batch that reaches it by its sum waits for the director, who reads every line at his own desk", async () => {
  const order = writeOrder(folder, 2, [60_000, 400_000]);
  const before = ledger();
  const paying = clerk.run("pay", order.file, "--wait");
  const { tag } = await paying.tells("tag");
  await clerk.hands.confirm();
  const partial = await paying.tells("missing");
  expect(partial).toMatchObject({ state: "PARTIAL", needed: 1, missing: [DIRECTOR] });
  const id = String(partial["transactionId"]);
  expect(ledger()).toBe(before);

  await director.hands.phoneSays(`asks for your approval of ${String(tag)}`);
  const { words } = await inWords(scene.installation, director.desk, ["approve"]);
  expect(words).toContain(`${id}  `);
  expect(words).toContain("2 payments, EUR 4 600.00");
  const approving = director.run("approve", id);
  const pages = await director.hands.confirm();
  expect(pages.filter(({ label }) => label.startsWith("Payment")).length).toBeGreaterThan(1);
  await expectExit(approving, 0);
  await expectExit(paying, 0);
  expect(ledger()).toBe(before + order.ledgerText(id, clerk.desk.userId));

  // Who comes with it again is told of the first, as ever.
  const again = await inWords(scene.installation, clerk.desk, ["pay", order.file]);
  expect(again).toEqual({ exit: 22, words: expect.stringContaining(id) as unknown });
}, 400_000);

test("the director says no: nothing is booked, and the clerk learns whose it was", async () => {
  const order = writeOrder(folder, 3, [200_000, 1]);
  const before = ledger();
  const paying = clerk.run("pay", order.file, "--wait");
  const { tag } = await paying.tells("tag");
  await clerk.hands.confirm();
  const { transactionId } = await paying.tells("missing");
  await director.hands.phoneSays(`asks for your approval of ${String(tag)}`);
  const refusing = director.run("approve", String(transactionId));
  await director.hands.readPages();
  await director.hands.reject(Reason.WRONG_DATA);
  await expectExit(refusing, 10);
  await clerk.hands.phoneSays(`Stopped by ${DIRECTOR}`);
  await expectExit(paying, 10);
  expect(ledger()).toBe(before);
}, 400_000);
