import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { status } from "@grpc/grpc-js";
import { Kind, Label, type Field } from "@countersign/protocol";
import { tempFolder } from "@countersign/testing";
import { confirm, confirmOpen, outcomeOf, type ConfirmGiven, type ConfirmRequest } from "./confirm.ts";
import { openCore } from "./node/core-connection.ts";
import { openDaemon } from "./node/daemon-connection.ts";
import type { Outcome, Progress } from "./outcome.ts";
import {
  APP_TOKEN,
  CODE,
  FakeCore,
  GRANT_TOKEN,
  startFakeDaemon,
  TestFidoKey,
  type FakeDaemon,
  type KeyAct,
} from "./testing/index.ts";
import { Token } from "./token.ts";

const folder = tempFolder();
const FIELDS: Field[] = [
  { label: Label.AMOUNT, value: { type: "amount", amount: { currency: "EUR", minorUnits: 125000n } } },
  { label: Label.TO, value: { type: "text", text: "Müller GmbH" } },
  { label: Label.ACCOUNT, value: { type: "account", account: { iban: "DE89370400440532013000" } } },
];
const PAYMENT: ConfirmRequest = { userId: "ada", kind: Kind.PAY, fields: FIELDS };
const APPROVE: KeyAct = { type: "approve", code: CODE };
const OTHER = "ab".repeat(16);
const noPause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let core: FakeCore;
let daemon: FakeDaemon;
let sockets = 0;
const closing: (() => void)[] = [];

beforeEach(async () => {
  core = await new FakeCore().start();
});
afterEach(() => {
  for (const close of closing.splice(0)) close();
  core.stop();
  daemon.stop();
});

async function plug(acts: readonly KeyAct[], key?: TestFidoKey): Promise<void> {
  daemon = await startFakeDaemon(join(folder, `k${(sockets += 1)}.sock`), acts, key);
  core.userKey = daemon.key;
}

function given(token = APP_TOKEN, more: Partial<ConfirmGiven> = {}): ConfirmGiven {
  const connection = openCore({ address: core.address, token: new Token(token) });
  const device = openDaemon(daemon.socket);
  closing.push(
    () => connection.close(),
    () => device.close(),
  );
  const pinned = { serverId: core.serverId, publicKeys: [core.receiptKey.coseKey] };
  return { core: connection, daemon: device, pinned, pause: noPause, ...more };
}

async function all(events: AsyncIterable<Progress>): Promise<Progress[]> {
  const seen: Progress[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

describe("claim 24: PIN or finger before anything is sent", () => {
  test.each([
    ["PIN_INVALID", "pin"],
    ["PIN_BLOCKED", "pin"],
    ["USER_DENIED", "biometric"],
    ["USER_TIMEOUT", "biometric"],
  ] as const)(
    "claim 24: %s: nothing is created, and no transaction reaches the key",
    async (keyStatus, verifyFirst) => {
      await plug([APPROVE]);
      const metadata = { status: keyStatus };
      daemon.verifications.push({ code: status.ABORTED, reason: "KEY_REFUSED", metadata });
      const events = await all(confirm(PAYMENT, given(APP_TOKEN, { verifyFirst })));
      expect(events.map(({ type }) => type)).toEqual(["verify", "outcome"]);
      expect(events.at(-1)).toMatchObject({ outcome: { state: "KEY_REFUSED", status: keyStatus } });
      expect([core.held.size, daemon.asked]).toEqual([0, []]);
    },
  );

  test("claim 24: right: the first Sign uses the session up, a second try is without one", async () => {
    await plug([{ type: "approve", code: "000000" }, APPROVE]);
    const events = await all(confirm(PAYMENT, given(APP_TOKEN, { verifyFirst: "pin" })));
    expect(events.at(-1)).toMatchObject({ outcome: { state: "EXECUTED" } });
    expect(events.slice(0, 2).map(({ type }) => type)).toEqual(["verify", "created"]);
    expect(daemon.asked.map(({ session }) => session)).toEqual(["session 1", ""]);
    expect(daemon.verified).toHaveLength(1);
  });

  test("claim 24: a transaction of the core is withdrawn, and the key not asked", async () => {
    await plug([APPROVE]);
    const held = core.hold({ kind: Kind.THAW, lines: [{ label: Label.ACTION, value: "x" }], userId: "ada" });
    daemon.verifications.push({ code: status.ABORTED, reason: "KEY_REFUSED", metadata: { status: "PIN_INVALID" } });
    const events = await all(confirmOpen(held.transaction, held.token, given(APP_TOKEN, { verifyFirst: "pin" })));
    expect(events.at(-1)).toMatchObject({ outcome: { state: "KEY_REFUSED" } });
    expect([held.transaction.state, daemon.asked]).toEqual([12, []]);
  });

  test("without it the key asks after its pages, as ever", async () => {
    await plug([APPROVE]);
    expect(await outcomeOf(confirm(PAYMENT, given()))).toMatchObject({ state: "EXECUTED" });
    expect([daemon.verified, daemon.asked[0]?.session]).toEqual([[], ""]);
  });
});

describe.each([APP_TOKEN, GRANT_TOKEN])("check 21: a key is revoked while it is asked (%s)", (token) => {
  async function revoked(keyId: () => string): Promise<{ events: Progress[]; outcome: Outcome | undefined }> {
    const events = all(confirm(PAYMENT, given(token)));
    await daemon.askedTimes(1);
    core.revoke(core.only, keyId());
    const seen = await events;
    const last = seen.at(-1);
    return { events: seen, outcome: last?.type === "outcome" ? last.outcome : undefined };
  }

  test("check 21: the last one: its Sign is cancelled, and the user is told why", async () => {
    await plug([{ type: "wait" }]);
    const { events, outcome } = await revoked(() => core.only.transaction.keyIds[0] ?? "");
    expect(outcome).toEqual({ state: "KEY_REVOKED" });
    expect(events).toContainEqual({ type: "key-revoked", left: 0 });
    await daemon.cancelledTimes(1);
  });

  test("check 21: the one at hand: asked again without it, the daemon says that there is no other", async () => {
    core.otherKeyIds = [OTHER];
    const noKey = { code: status.ABORTED, reason: "KEY_REFUSED", metadata: { status: "NO_KEY" } };
    await plug([{ type: "wait" }, { type: "error", error: noKey }]);
    const { outcome } = await revoked(() => core.only.transaction.keyIds[0] ?? "");
    expect(outcome).toEqual({ state: "KEY_REVOKED" });
    expect(daemon.asked.map(({ keyIds }) => keyIds.length)).toEqual([2, 1]);
    expect(daemon.asked[1]?.keyIds).toEqual([OTHER]);
  });

  test("check 21: another one: the key at hand is asked again and confirms", async () => {
    core.otherKeyIds = [OTHER];
    await plug([{ type: "wait" }, APPROVE]);
    const { events, outcome } = await revoked(() => OTHER);
    expect(outcome).toMatchObject({ state: "EXECUTED" });
    expect(events).toContainEqual({ type: "key-revoked", left: 1 });
    expect(daemon.asked[1]?.keyIds).not.toContain(OTHER);
  });
});

test("check 21: a statement that is refused as of a revoked key ends with just that", async () => {
  await plug([APPROVE]);
  core.errors.set("submitStatement", [{ code: status.PERMISSION_DENIED, reason: "KEY_REVOKED" }]);
  expect(await outcomeOf(confirm(PAYMENT, given()))).toEqual({ state: "KEY_REVOKED" });
});

function fido(): TestFidoKey {
  return new TestFidoKey(`${core.serverId}.countersign.invalid`);
}

describe("a FIDO2 key", () => {
  test("is asked by its credential, gets the code by Answer, and its assertion confirms", async () => {
    await plug([{ type: "assert" }], fido());
    const asked: AbortSignal[] = [];
    const askCode = async (signal: AbortSignal): Promise<string> => {
      asked.push(signal);
      return CODE;
    };
    expect(await outcomeOf(confirm(PAYMENT, given(APP_TOKEN, { askCode, until: "confirmed" })))).toEqual({
      state: "CONFIRMED",
    });
    const [request] = daemon.asked;
    expect(request?.rpId).toBe(`${core.serverId}.countersign.invalid`);
    expect(request?.fidoCredentials).toHaveLength(1);
    expect(daemon.answered).toEqual([{ transactionId: core.only.transaction.transactionId, code: CODE }]);
    expect(asked).toHaveLength(1);
  });

  test("a wrong code is asked for again", async () => {
    await plug([{ type: "assert" }, { type: "assert" }], fido());
    const codes = ["000000", CODE];
    const askCode = async (): Promise<string | undefined> => codes.shift();
    const events = await all(confirm(PAYMENT, given(GRANT_TOKEN, { askCode, until: "confirmed" })));
    expect(events.at(-1)).toMatchObject({ outcome: { state: "CONFIRMED" } });
    expect(events).toContainEqual({ type: "try-again" });
  });

  test("the daemon's own prompt is faster: the question is taken back, and nothing is sent twice", async () => {
    await plug([{ type: "assert", prompted: CODE }], fido());
    let takenBack = false;
    const askCode = (signal: AbortSignal): Promise<undefined> =>
      new Promise((resolve) =>
        signal.addEventListener("abort", () => {
          takenBack = true;
          resolve(undefined);
        }),
      );
    const outcome = await outcomeOf(confirm(PAYMENT, given(APP_TOKEN, { askCode, until: "confirmed" })));
    expect([outcome, takenBack, daemon.answered]).toEqual([{ state: "CONFIRMED" }, true, []]);
  });

  test("what is no assertion is no answer of a key", async () => {
    await plug([{ type: "assert", prompted: CODE }], fido());
    const nothing = new Uint8Array();
    const value = {
      keyId: new Uint8Array(16),
      statement: nothing,
      authenticatorData: nothing,
      clientDataJson: nothing,
    };
    Object.defineProperty(daemon.key, "assertion", { value: () => ({ ...value, signature: nothing }) });
    expect(await outcomeOf(confirm(PAYMENT, given()))).toMatchObject({ state: "KEY_LEFT" });
  });
});
