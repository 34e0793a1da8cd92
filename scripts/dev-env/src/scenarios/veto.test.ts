// What the chat may do: stop, ask, be told. Nobody carries anything out here but the tests, so that every state stands still.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { RejectReason, State } from "@countersign/proto/node/core/v1/content";
import { ExecutionOutcome } from "@countersign/proto/node/core/v1/execution_service";
import { UserState } from "@countersign/proto/node/core/v1/user_service";
import type { Transaction } from "@countersign/proto/node/core/v1/transaction_service";
import { tempFolder } from "@countersign/testing";
import { reasonOf } from "./error-info.ts";
import type { Client } from "../crash/client.ts";
import { Reason, type Hands } from "./hands.ts";
import { expectExit, Scene, type Somebody } from "./scene.ts";

/** A busy machine's time to stop what is confirmed; the one that expires does so meanwhile. */
const CLAIM_BY_S = 60;
/** No code leaves in the last 20 seconds; the rest is a busy machine's time to send it. */
const LIFETIME_S = 60;

const folder = tempFolder();
let scene: Scene;
/** Two payments that time ends while the other tests run. */
let expiring: Record<"confirmed" | "waiting", { client: Client; hands: Hands }>;

beforeAll(async () => {
  scene = await Scene.open({ folder, mode: "B", policy: { claimByS: CLAIM_BY_S } });
  await scene.stopBank();
  expiring = await letTwoExpire();
}, 400_000);
afterAll(() => scene?.close());

/** At a desk of its own, so that the shared key stays free: one is confirmed and not claimed, one waits for its code. */
async function letTwoExpire(): Promise<typeof expiring> {
  const one = await scene.userAtOwnDesk();
  const confirmed = { client: one.pay(), hands: one.hands };
  await one.hands.confirm();
  const other = await scene.user(one.desk);
  const waiting = { client: other.pay("--lifetime", String(LIFETIME_S)), hands: other.hands };
  await other.hands.codeFor(await other.hands.readAndProve());
  return { confirmed, waiting };
}

/** The user's newest transaction. */
async function newestOf({ desk: { userId } }: Somebody): Promise<Transaction> {
  const { transactions } = await scene.parts.transactions.list({ userId, pageSize: 1, pageToken: "" });
  const [newest] = transactions;
  if (newest === undefined) throw new Error(`${userId} has no transaction`);
  return newest;
}

async function userState({ desk: { userId } }: Somebody): Promise<UserState | undefined> {
  return (await scene.parts.users.get({ userId })).user?.state;
}

/** Claims as an executor does. */
function claim({ transactionId, txDigest }: Transaction) {
  const lease = { seconds: 60n, nanos: 0 };
  return scene.parts.execution.claim({ transactionId, claimId: randomUUID(), txDigest, lease, idempotent: false });
}

describe("a transaction that is PENDING", () => {
  test.each([
    ["Wrong data", "wrong data", "Stopped by you (wrong data)"],
    ["Changed my mind", "changed my mind", "Stopped by you (changed your mind)"],
  ])(
    "claim 08: %s in the chat is REJECTED, exit 13; the code is gone, the user may go on",
    async (button, because, told) => {
      const somebody = await scene.user();
      const { hands, pay } = somebody;
      const client = pay();
      const pages = await hands.readAndProve();
      const code = await hands.codeFor(pages);
      await hands.phone.press(await hands.phoneSays(pages.at(-1)?.tag ?? ""), button);
      const end = await expectExit(client, 13);
      expect(end.told.at(-1)).toMatchObject({ state: "REJECTED", onKey: false, because });
      const message = await hands.phoneSays(`${told} · nothing was sent`);
      expect(message.buttons).toEqual([]);
      expect(await hands.chat()).not.toContain(code);
      expect(await userState(somebody)).toBe(UserState.ACTIVE);
      await hands.keyShowsNo("code");
    },
    400_000,
  );

  test("threat 04: a veto by its tag stops it as well", async () => {
    const somebody = await scene.user();
    const { hands, pay } = somebody;
    const client = pay();
    const pages = await hands.readPages();
    await hands.phoneSays(pages.at(-1)?.tag ?? "");
    await hands.phone.send(`!block ${pages.at(-1)?.tag.toLowerCase()}`);
    const { told } = await expectExit(client, 13);
    expect(told.at(-1)).toMatchObject({ state: "REJECTED", onKey: false });
    await hands.phoneSays("Stopped. Nothing will be sent.");
  }, 400_000);

  test("threat 14: /pending and /help tell and change nothing, and no word of the chat approves", async () => {
    const { hands, pay } = await scene.user();
    await hands.phone.send("/pending");
    await hands.phoneSays("Nothing waits for you.");
    const client = pay();
    const pages = await hands.readAndProve();
    const code = await hands.codeFor(pages);
    await hands.phone.send("/pending");
    const pending = await hands.phoneSays("Waiting for you:");
    expect(pending.text).toContain(pages.at(-1)?.tag);
    expect(pending.text).toContain("Acme Bank");
    for (const [command, answer] of [
      ["/help", "I can never approve one: only your key does."],
      ["/approve", "I did not understand that."],
    ] as const) {
      const before = await hands.count(answer);
      await hands.phone.send(command);
      const told = await hands.phoneSays(answer, before + 1);
      expect(told.text).not.toContain(code.slice(0, 3));
    }
    await hands.reject(Reason.CHANGED_MY_MIND);
    await expectExit(client, 10);
  }, 400_000);

  test("threat 14: a code typed into the chat has no effect and draws a warning; every message has the phrase", async () => {
    const somebody = await scene.user();
    const { hands, pay } = somebody;
    const client = pay("--until", "confirmed");
    const pages = await hands.readAndProve();
    const code = await hands.codeFor(pages);
    await hands.phone.send(code);
    await hands.phoneSays("I never need a code, and ignored what you typed");
    const { state, triesLeft } = await newestOf(somebody);
    expect({ state, triesLeft }).toEqual({ state: State.PENDING, triesLeft: 3 });
    await hands.key.type(code);
    await expectExit(client, 0);
    const { messages } = await hands.phone.look(undefined, AbortSignal.timeout(60_000));
    const asking = messages.filter(({ text }) => text.includes("Acme Bank"));
    expect(asking.filter(({ text }) => !text.includes("phrase: blue teapot"))).toEqual([]);
    expect(asking).not.toEqual([]);
  }, 400_000);

  test("check 13: Ctrl-C withdraws it, exit 17; key and chat say so", async () => {
    const { hands, pay } = await scene.user();
    const client = pay();
    const code = await hands.codeFor(await hands.readAndProve());
    client.interrupt();
    await expectExit(client, 17);
    await hands.phoneSays("Withdrawn by Acme Bank");
    expect(await hands.chat()).not.toContain(code);
    await hands.keyShowsNo("code");
  }, 400_000);
});

describe("a transaction that is CONFIRMED", () => {
  test.each(["Wrong data", "Not me"])(
    "check 14: %s still stops it, exit 13; nobody can claim it any more",
    async (button) => {
      const somebody = await scene.user();
      const { hands, pay } = somebody;
      const client = pay();
      await hands.confirm();
      const message = await hands.phoneSays("You can still stop it");
      const confirmed = await newestOf(somebody);
      expect(confirmed.state).toBe(State.CONFIRMED);
      await hands.phone.press(message, button);
      await expectExit(client, 13);
      await hands.phoneSays("· nothing was sent");
      expect(await reasonOf(claim(confirmed))).toBe("STATE_CONFLICT");
      const frozen = button === "Not me";
      expect(await userState(somebody)).toBe(frozen ? UserState.FROZEN : UserState.ACTIVE);
    },
    400_000,
  );

  test("check 13: Ctrl-C withdraws it too, exit 17", async () => {
    const { hands, pay } = await scene.user();
    const client = pay();
    await hands.confirm();
    await hands.phoneSays("You can still stop it");
    client.interrupt();
    const { told } = await expectExit(client, 17);
    expect(told.at(-1)).toMatchObject({ state: "CANCELLED", byUser: true });
    await hands.phoneSays("Withdrawn by Acme Bank");
  }, 400_000);
});

describe("a transaction that is EXECUTING or over", () => {
  test("check 14: a veto is too late, recorded and told; not me freezes all the same", async () => {
    const somebody = await scene.user();
    const { hands, pay } = somebody;
    const { execution, transactions } = scene.parts;
    const client = pay();
    const pages = await hands.confirm();
    await hands.phoneSays("You can still stop it");
    const confirmed = await newestOf(somebody);
    const { transactionId } = confirmed;
    const { lease } = await claim(confirmed);
    const fence = lease?.fence ?? 0n;
    await execution.begin({ transactionId, fence });
    const carrying = await hands.phoneSays("is carrying it out");
    expect(carrying.buttons).toEqual([]);
    await hands.phone.send(`!block ${pages.at(-1)?.tag}`);
    await hands.phoneSays("Too late: it is already being carried out");
    const veto = await transactions.veto({ transactionId, reason: RejectReason.NOT_ME });
    expect({ tooLate: veto.tooLate, state: veto.transaction?.state }).toEqual({
      tooLate: true,
      state: State.EXECUTING,
    });
    expect(veto.transaction?.rejectReason).toBe(RejectReason.NOT_ME);
    expect(await userState(somebody)).toBe(UserState.FROZEN);
    client.interrupt();
    await execution.report({ transactionId, fence, outcome: ExecutionOutcome.EXECUTED, detail: "" });
    await expectExit(client, 0);
    await hands.phoneSays("Executed");
    await hands.phone.send(`!block ${pages.at(-1)?.tag}`);
    await hands.phoneSays("Too late", 2);
  }, 400_000);
});

describe("time", () => {
  test("check 14: confirmed and not claimed until claimBy is EXPIRED, exit 11", async () => {
    const { client, hands } = expiring.confirmed;
    const { told } = await expectExit(client, 11);
    expect(told.map(({ state }) => state)).toContain("CONFIRMED");
    expect(told.at(-1)).toMatchObject({ state: "EXPIRED" });
    const message = await hands.phoneSays("Expired, or confirmed and not taken up in time · nothing was sent");
    expect(message.buttons).toEqual([]);
  }, 400_000);

  test("check 03: not confirmed within its lifetime is EXPIRED, exit 11; the chat says so and the code is gone", async () => {
    const { client, hands } = expiring.waiting;
    const { told } = await expectExit(client, 11);
    expect(told.at(-1)).toMatchObject({ state: "EXPIRED" });
    await hands.phoneSays("Expired, or confirmed and not taken up in time · nothing was sent");
    for (const code of hands.codes) expect(await hands.chat()).not.toContain(code);
  }, 400_000);
});
