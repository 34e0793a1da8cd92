// One asks, two others approve, each with key, phone and command line of his own; then one of them says no.
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { readLedger } from "../installation.ts";
import { Reason } from "../scenarios/hands.ts";
import { expectExit, Scene, type Somebody } from "../scenarios/scene.ts";

/** As the scene names its users, in the order in which they come. */
const [TREASURER, DIRECTOR] = ["user-5001", "user-5002"] as const;
const POLICY = { approvers: [{ kinds: ["PAY"], users: [TREASURER, DIRECTOR], needed: 2 }] };

const folder = tempFolder();
let scene: Scene;
let treasurer: Somebody;
let director: Somebody;
let clerk: Somebody;

beforeAll(async () => {
  scene = await Scene.open({ folder, mode: "B", policy: POLICY });
  treasurer = await scene.user();
  director = await scene.user();
  clerk = await scene.user();
}, 400_000);
afterAll(() => scene?.close());

const executions = (): number => readLedger(scene.installation).filter(({ type }) => type === "transaction").length;

/** Takes it to his key and confirms, by the words that the requester sees. */
async function approve({ run, hands }: Somebody, which: string): Promise<void> {
  const approving = run("approve", which);
  await hands.confirm();
  const { told } = await expectExit(approving, 0);
  expect(told.at(-1)).toMatchObject({ state: "APPROVED", final: true });
}

test("a payment that two others approve is executed once, and its receipt names them", async () => {
  const paying = clerk.pay("--wait");
  await clerk.hands.confirm();
  const partial = await paying.tells("missing");
  expect(partial).toMatchObject({ state: "PARTIAL", approved: 0, needed: 2, missing: [TREASURER, DIRECTOR] });
  const { transactionId, tag } = await paying.tells("tag");
  await clerk.hands.phoneSays("of the 2 others who have to, 0 have");
  await treasurer.hands.phoneSays(`asks for your approval of ${String(tag)}`);

  const { told } = await expectExit(treasurer.run("approve"), 0);
  expect(told).toContainEqual(expect.objectContaining({ transactionId, tag, requestedBy: clerk.desk.userId }));
  await approve(treasurer, String(tag));
  await clerk.hands.phoneSays("of the 2 others who have to, 1 have");
  await expectExit(treasurer.run("approve", String(transactionId)), 2);
  expect(executions()).toBe(0);
  await approve(director, String(transactionId));

  const end = (await expectExit(paying, 0)).told.at(-1);
  expect(end).toMatchObject({ state: "EXECUTED", final: true });
  expect(executions()).toBe(1);
  await director.hands.phoneSays("Executed");
  const verified = await expectExit(director.run("verify", String(end?.["receiptFile"])), 0);
  expect(verified.told.at(-1)).toMatchObject({ verified: true, approvers: [TREASURER, DIRECTOR] });
});

test("one no on an approver's key ends it, and everybody is told whose it was", async () => {
  const before = executions();
  const paying = clerk.pay();
  await clerk.hands.confirm();
  const { transactionId, tag } = await paying.tells("tag");
  const id = String(transactionId);
  expect((await expectExit(paying, 25)).told.at(-1)).toMatchObject({ state: "PARTIAL", final: true, needed: 2 });
  await treasurer.hands.phoneSays(`asks for your approval of ${String(tag)}`);
  await approve(treasurer, id);
  const refusing = director.run("approve", id);
  await director.hands.keyShows("pages");
  await director.hands.reject(Reason.WRONG_DATA);
  await expectExit(refusing, 10);
  await clerk.hands.phoneSays(`Stopped by ${DIRECTOR}`);
  await treasurer.hands.phoneSays(`Stopped by ${DIRECTOR}`);
  const { told } = await expectExit(clerk.run("tx", "get", id), 0);
  expect(told.at(-1)).toMatchObject({ state: "REJECTED" });
  expect(executions()).toBe(before);
});
