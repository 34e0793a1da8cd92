// The key as a thing: its PIN, its power, its plug.
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Transaction } from "@countersign/proto/node/core/v1/transaction_service";
import { tempFolder } from "@countersign/testing";
import { readLedger } from "../installation.ts";
import { connect, last } from "../parts.ts";
import { reasonOf } from "./error-info.ts";
import { Hands, Reason } from "./hands.ts";
import { cutPower, daemonSees, plug, unplug } from "./key-power.ts";
import { newPayment } from "../new-payment.ts";
import { expectExit, Scene, type Somebody } from "./scene.ts";

const WRONG_PIN = "314159";

const folder = tempFolder();
let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open({ folder, mode: "B" });
}, 400_000);
afterAll(() => scene?.close());

const executions = (): number => readLedger(scene.installation).filter(({ type }) => type === "transaction").length;

async function typeWrongPin({ hands }: Pick<Somebody, "hands">, times: number): Promise<void> {
  for (let wrong = 0; wrong < times; wrong += 1) {
    await hands.keyShows("pin");
    await hands.key.type(WRONG_PIN);
  }
}

/** check 26: within the minute of the last PIN, the next approval asks for it again. */
async function proveAgain(next: Transaction, hands: Hands): Promise<void> {
  const signing = reasonOf(last(scene.parts.device.sign(scene.parts.toSign(next))));
  await hands.readPages();
  expect((await hands.screen()).page).toBe("pin");
  await hands.reject(Reason.CHANGED_MY_MIND);
  expect(await signing).toBe("OK");
}

describe("PIN", () => {
  test("claim 10: three wrong PINs end it with exit 14 and need a replug, after which the right one serves", async () => {
    const somebody = await scene.user();
    const { hands, pay, desk } = somebody;
    const before = executions();
    const first = pay();
    await hands.codeFor(await hands.readPages());
    await typeWrongPin(somebody, 3);
    await expectExit(first, 14);
    await hands.phoneSays("Withdrawn by Acme Bank");

    const second = pay();
    await hands.readPages();
    expect((await hands.keyShows("pin")).rows.join("\n")).toMatch(/PIN LOCKED[\s\S]*unplug the key/);
    await hands.key.type(desk.pin);
    await expectExit(second, 14);
    expect(executions()).toBe(before);

    await unplug(desk);
    await daemonSees(scene.parts, 0);
    await plug(desk);
    await daemonSees(scene.parts, 1);
    const third = pay();
    const pages = await hands.readPages();
    expect((await hands.keyShows("pin")).rows.join("\n")).toContain("5 tries left");
    await hands.key.type(desk.pin);
    await hands.key.type(await hands.codeFor(pages));
    await expectExit(third, 0);
    expect(executions()).toBe(before + 1);
  }, 400_000);

  test("claim 10: eight wrong PINs block for good, over power cuts; a reject still goes, an approval never", async () => {
    const somebody = await scene.userAtOwnDesk();
    const { hands, pay, desk } = somebody;
    const before = executions();
    const parts = connect(scene.installation, desk.daemonSocket);
    let [key] = desk.children;
    try {
      for (const wrong of [3, 3, 2]) {
        const verifying = reasonOf(parts.device.verifyUser({ deviceId: "", method: 0 }));
        await typeWrongPin(somebody, wrong);
        expect(await verifying).toBe("KEY_REFUSED");
        if (key === undefined) throw new Error("the desk has no key");
        key = await cutPower(key, parts);
      }
      const blocked = pay();
      await hands.readPages();
      expect((await hands.keyShows("pin")).rows.join("\n")).toContain("no tries left");
      await hands.key.type(desk.pin);
      await expectExit(blocked, 14);

      const rejected = pay();
      await hands.isAsked();
      await hands.reject(Reason.WRONG_DATA);
      await expectExit(rejected, 10);
      await hands.phoneSays("Stopped by you (wrong data)");
      expect(executions()).toBe(before);
    } finally {
      await key?.stop();
      parts.close();
    }
  }, 400_000);

  test("claim 10: without the PIN there is no code page, and a key without PIN makes no credential", async () => {
    const { hands, pay } = await scene.user();
    const client = pay();
    await hands.readPages();
    for (const key of ["ok", "next", "erase", "ok"]) {
      await hands.key.press(key);
      expect((await hands.screen()).page).toBe("pin");
    }
    await hands.key.type("12345");
    expect((await hands.screen()).page).toBe("pin");
    client.interrupt();
    await expectExit(client, 17);

    const blank = await scene.blankDesk();
    const parts = connect(scene.installation, blank.daemonSocket);
    const server = { serverId: scene.installation.serverId, serverName: scene.installation.issuer };
    const enrolling = last(parts.device.enrol({ deviceId: "", ...server, challenge: Buffer.alloc(32), digits: false }));
    expect(await reasonOf(enrolling)).toBe("KEY_REFUSED");
    parts.close();
  }, 400_000);
});

describe("the PIN before anything is sent", () => {
  test("claim 24, check 26: VerifyUser, then a Sign that asks no PIN again; it holds for one statement", async () => {
    const { hands, desk } = await scene.user();
    const { device, verification, transactions } = scene.parts;
    const denied = reasonOf(device.verifyUser({ deviceId: "", method: 0 }));
    await typeWrongPin({ hands }, 1);
    await hands.key.press("reject");
    expect(await denied).toBe("KEY_REFUSED");
    expect((await transactions.list({ userId: desk.userId, pageSize: 9, pageToken: "" })).transactions).toHaveLength(1);

    const verifying = device.verifyUser({ deviceId: "", method: 0 });
    await hands.keyShows("pin");
    await hands.key.type(desk.pin);
    const { session } = await verifying;
    const payment = await newPayment(scene.parts, desk.userId);
    const signing = last(device.sign({ ...scene.parts.toSign(payment), session }));
    const pages = await hands.readPages();
    expect((await hands.screen()).page).toBe("code");
    await hands.key.type(await hands.codeFor(pages));
    const { event } = await signing;
    if (event?.$case !== "signed") throw new Error("the key did not sign");
    const { transactionId } = payment;
    const { signedStatement } = event.value;
    expect(await reasonOf(verification.submitStatement({ transactionId, signedStatement }))).toBe("OK");
    await hands.phoneSays("Executed");

    const next = await newPayment(scene.parts, desk.userId);
    expect(await reasonOf(last(device.sign({ ...scene.parts.toSign(next), session })))).toBe("NOT_AWAITED");
    await proveAgain(next, hands);
  }, 400_000);
});

describe("keypad", () => {
  test("claim 11: no call of the daemon brings a digit to the key; the code enters by its keypad alone", async () => {
    const { hands, desk, pay } = await scene.user();
    const client = pay();
    const pages = await hands.readAndProve();
    const code = await hands.codeFor(pages);
    const { transactions } = await scene.parts.transactions.list({ userId: desk.userId, pageSize: 1, pageToken: "" });
    const transactionId = transactions[0]?.transactionId ?? "";
    expect(await reasonOf(scene.parts.device.answer({ transactionId, code }))).toBe("NOT_AWAITED");
    expect((await hands.screen()).rows.join("\n")).toContain("_ _ _ _ _ _");
    await hands.key.type(code);
    await expectExit(client, 0);
  }, 400_000);
});

describe("plug and power", () => {
  test.each(["pages", "pin", "code"] as const)(
    "claim 01: unplugged at the %s page is exit 14, withdrawn, nothing executed",
    async (page) => {
      const { hands, pay, desk } = await scene.user();
      const before = executions();
      const client = pay();
      await hands.isAsked();
      if (page === "code") await hands.readAndProve();
      else if (page === "pin") await hands.readPages();
      await hands.keyShows(page);
      await unplug(desk);
      const { told } = await expectExit(client, 14);
      expect(told.at(-1)).toMatchObject({ state: "KEY_LEFT" });
      await hands.phoneSays("Withdrawn by Acme Bank");
      await daemonSees(scene.parts, 0);
      await expectExit(pay(), 14);
      await plug(desk);
      await daemonSees(scene.parts, 1);
      expect(executions()).toBe(before);
    },
    400_000,
  );

  test("claim 05: a power cut before the code loses the request, never a counter: the next payment goes through", async () => {
    const somebody = await scene.userAtOwnDesk();
    const { hands, pay, desk } = somebody;
    const before = executions();
    const [key] = desk.children;
    if (key === undefined) throw new Error("the desk has no key");
    const first = pay();
    await hands.confirm();
    await expectExit(first, 0);
    const second = pay();
    await hands.readAndProve();
    const parts = connect(scene.installation, desk.daemonSocket);
    const again = await cutPower(key, parts);
    parts.close();
    await expectExit(second, 14);
    const third = pay();
    await hands.confirm();
    await expectExit(third, 0);
    expect(executions()).toBe(before + 2);
    await again.stop();
  }, 400_000);
});
