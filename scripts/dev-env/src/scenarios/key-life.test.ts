// What happens to a key between its enrolment and its loss: revoked while it is asked, proved before anything is asked,
// replaced by two people while its owner looks on. With real processes.
import { randomUUID } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { KeyState } from "@countersign/proto/node/core/v1/key_service";
import { State } from "@countersign/proto/node/core/v1/content";
import { AT_ONCE_MS, tempFolder } from "@countersign/testing";
import { runOnce } from "@countersign/testing/child";
import { newSerial, setUpDesk, type Desk } from "../desk.ts";
import { readLedger } from "../installation.ts";
import { newPayment } from "../new-payment.ts";
import { last } from "../parts.ts";
import { actOnKey } from "../person/key-in-hand.ts";
import { enrolOnKey } from "./enrolment.ts";
import { reasonOf } from "./error-info.ts";
import type { Hands } from "./hands.ts";
import { expectExit, Scene, type Run, type Somebody } from "./scene.ts";

const WRONG_PIN = "314159";
const folder = tempFolder();
const desks: Desk[] = [];
let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open({ folder, mode: "B" });
}, 400_000);
afterAll(async () => {
  await Promise.all(desks.map((desk) => desk.stop()));
  await scene?.close();
});

const executions = (): number => readLedger(scene.installation).filter(({ type }) => type === "transaction").length;

async function keysOf({ desk: { userId } }: Somebody) {
  return (await scene.parts.keys.list({ userId })).keys;
}

async function transactionsOf({ desk: { userId } }: Somebody) {
  return (await scene.parts.transactions.list({ userId })).transactions;
}

/** A second credential on the same device, signed for by the first. */
async function secondKey(somebody: Somebody): Promise<string> {
  const { desk, hands } = somebody;
  const { parts } = scene;
  const begun = await parts.keys.beginEnrolment({ requestId: randomUUID(), userId: desk.userId, serial: desk.serial });
  const { signedEnrolment } = await enrolOnKey(parts, desk, begun);
  const { enrolmentToken } = begun;
  const { key, transaction } = await parts.keys.finishEnrolment({ enrolmentToken, signedEnrolment });
  if (key === undefined || transaction === undefined) throw new Error("the second key asks for no ENROL");
  const signing = last(parts.device.sign(parts.toSign(transaction)));
  await hands.confirm();
  const { event } = await signing;
  if (event?.$case !== "signed") throw new Error("the first key did not sign for the second");
  const { signedStatement } = event.value;
  await parts.verification.submitStatement({ transactionId: transaction.transactionId, signedStatement });
  return key.keyId;
}

/** How long the key still shows what it showed, from now on. */
async function leaves(hands: Hands, page: string): Promise<{ readonly ms: number; readonly page: string }> {
  const from = performance.now();
  const screen = await hands.keyShowsNo(page);
  return { ms: performance.now() - from, page: screen.page };
}

/** Nobody pressed anything since: pages of a later version are those of another Sign. */
async function showsAnew({ key }: Hands, version: number): Promise<void> {
  const patience = AbortSignal.timeout(240_000);
  let screen = await key.look(version, patience);
  while (screen.page !== "pages") screen = await key.look(screen.version, patience);
}

describe("check 21: a revocation reaches a key that is being asked", () => {
  test("check 21: the key goes idle at once, the client says why, nothing is executed", async () => {
    const somebody = await scene.user();
    const { hands, pay, run } = somebody;
    const before = executions();
    const paying = pay();
    await hands.isAsked();
    const [key] = await keysOf(somebody);
    const revoking = run("key", "revoke", key?.keyId ?? "");
    await revoking.tells("keyId");
    const left = await leaves(hands, "pages");
    expect(left.page).toBe("idle");
    expect(left.ms).toBeLessThan(AT_ONCE_MS);
    await expectExit(revoking, 0);
    const { told } = await expectExit(paying, 14);
    expect(told.at(-1)).toMatchObject({ state: "KEY_REVOKED", final: true });
    await hands.phoneSays("A key of yours was revoked");
    await hands.phoneSays("Withdrawn by Acme Bank");
    expect((await transactionsOf(somebody)).map(({ state, outcomeDetail }) => [state, outcomeDetail])).toContainEqual([
      State.CANCELLED,
      "every key that could sign it was revoked",
    ]);
    expect(executions()).toBe(before);
  }, 400_000);

  test("check 21: a statement that a key signs all the same is refused as KEY_REVOKED, and another key still confirms", async () => {
    const somebody = await scene.user();
    const { hands, run, desk } = somebody;
    const { parts } = scene;
    const [first] = await keysOf(somebody);
    const second = await secondKey(somebody);
    const before = executions();
    const payment = await newPayment(parts, desk.userId);
    const keyIds = [first?.keyId ?? ""];
    const signing = last(parts.device.sign({ ...parts.toSign(payment), keyIds }));
    const pages = await hands.readAndProve();
    await expectExit(run("key", "revoke", keyIds[0] ?? ""), 0);
    await hands.key.type(await hands.codeFor(pages));
    const { event } = await signing;
    if (event?.$case !== "signed")
      throw new Error("a malicious client's Sign is not stopped by the core: the key signs");
    const { signedStatement } = event.value;
    const { transactionId } = payment;
    expect(await reasonOf(parts.verification.submitStatement({ transactionId, signedStatement }))).toBe("KEY_REVOKED");
    expect(executions()).toBe(before);

    const again = last(parts.device.sign({ ...parts.toSign(payment), keyIds: [second] }));
    await hands.confirm();
    const answer = await again;
    if (answer.event?.$case !== "signed") throw new Error("the second key did not sign");
    await parts.verification.submitStatement({ transactionId, signedStatement: answer.event.value.signedStatement });
    // Else the bank may book it in the middle of the next test.
    for await (const { transaction } of parts.transactions.watch({ transactionId, cursor: "" }))
      if (transaction?.state === State.EXECUTED) break;
    expect(executions()).toBe(before + 1);
  }, 400_000);

  test("check 21: another of his keys is revoked: the one at hand is asked again and confirms", async () => {
    const somebody = await scene.user();
    const { hands, pay, run } = somebody;
    const second = await secondKey(somebody);
    const before = executions();
    const paying = pay();
    const { version } = await hands.keyShows("pages");
    await expectExit(run("key", "revoke", second), 0);
    await showsAnew(hands, version);
    await hands.confirm();
    const { told } = await expectExit(paying, 0);
    expect(told).toContainEqual(expect.objectContaining({ step: "KEY_REVOKED", left: 1 }));
    expect(executions()).toBe(before + 1);
  }, 400_000);
});

describe("claim 24: PIN before anything is sent", () => {
  test("claim 24: wrong: nothing was created at the core, and no transaction reached the key", async () => {
    const somebody = await scene.userAtOwnDesk();
    const { hands, pay } = somebody;
    const before = (await transactionsOf(somebody)).length;
    const codes = await hands.count("Code: ");
    const paying = pay("--verify-first");
    for (let wrong = 0; wrong < 3; wrong += 1) {
      const { rows } = await hands.keyShows("pin");
      expect(rows.join("\n")).not.toContain("EUR");
      await hands.key.type(WRONG_PIN);
    }
    const { told } = await expectExit(paying, 14);
    expect(told.map((one) => one["step"] ?? one["state"])).toEqual(["VERIFY", "KEY_REFUSED"]);
    expect((await transactionsOf(somebody)).length).toBe(before);
    // The prompt of his LINK may have turned into its outcome meanwhile.
    expect(await hands.count("Code: ")).toBeLessThanOrEqual(codes);
  }, 400_000);

  test("claim 24: right: then the pages and the code, and no second PIN", async () => {
    const { hands, pay, desk } = await scene.user();
    const before = executions();
    const paying = pay("--verify-first");
    await hands.keyShows("pin");
    await hands.key.type(desk.pin);
    const pages = await hands.readPages();
    const { page } = await hands.screen();
    expect(page).toBe("code");
    await hands.key.type(await hands.codeFor(pages));
    const { told } = await expectExit(paying, 0);
    const steps = told.flatMap((one) => (typeof one["step"] === "string" ? [one["step"]] : []));
    expect(steps).not.toContain("PIN");
    expect(steps.indexOf("VERIFY")).toBe(0);
    expect(executions()).toBe(before + 1);
  }, 400_000);

  test("claim 24: by finger: right, then pages and code; not recognised, and nothing was created", async () => {
    const folderOfKey = mkdtempSync(join(folder, "f-"));
    const socket = join(folderOfKey, "key.sock");
    const bus = {
      key: ["--socket", socket, "--finger", "on"],
      daemon: ["--key-socket", socket, "--key-patience", "30"],
    };
    const home = { folder: folderOfKey, run: folderOfKey, serial: newSerial(), isSetUp: false, bus };
    const desk = await setUpDesk(scene.installation, { mode: "B", home, ...scene.newcomer() });
    desks.push(desk);
    const somebody = scene.meet(desk);
    const { hands, pay } = somebody;
    const control = async (path: string, body: object): Promise<void> => {
      expect(await actOnKey(desk.keyUrl, path, body)).toBe(200);
    };
    await control("/hold", {});
    await hands.key.press("2");
    await hands.keyShows("pin");
    await hands.key.type(desk.pin);
    await hands.keyShows("add-finger");
    for (let touch = 0; touch < 3; touch += 1) await control("/finger", { match: true, name: "right thumb" });
    await hands.keyShows("done");
    await hands.key.press("ok");

    const paying = pay("--verify-first", "finger");
    await hands.keyShows("finger");
    await control("/finger", { match: true, name: "right thumb" });
    const pages = await hands.readPages();
    expect((await hands.screen()).page).toBe("code");
    await hands.key.type(await hands.codeFor(pages));
    await expectExit(paying, 0);

    const before = (await transactionsOf(somebody)).length;
    const codes = await hands.count("Code: ");
    const again = pay("--verify-first", "finger");
    for (let wrong = 0; wrong < 5; wrong += 1) {
      await hands.keyShows("finger");
      await control("/finger", { match: false, name: "somebody's" });
    }
    await expectExit(again, 14);
    expect((await transactionsOf(somebody)).length).toBe(before);
    // The prompt of his LINK may have turned into its outcome meanwhile.
    expect(await hands.count("Code: ")).toBeLessThanOrEqual(codes);
  }, 400_000);

  test("claim 24: it holds for one statement: the next asks again", async () => {
    const { hands, pay, desk } = await scene.user();
    const first = pay("--verify-first", "pin");
    await hands.keyShows("pin");
    await hands.key.type(desk.pin);
    await hands.key.type(await hands.codeFor(await hands.readPages()));
    await expectExit(first, 0);
    const second = pay();
    await hands.readPages();
    expect((await hands.screen()).page).toBe("pin");
    second.interrupt();
    await expectExit(second, 17);
  }, 400_000);
});

/** Token of the second of two people. */
function clerk(): string {
  return join(scene.installation.folder, "tokens/clerk.token");
}

function recover({ run }: Pick<Somebody, "run">, token: string, ...args: string[]): Run {
  return run("--token-file", token, "key", "recover", ...args);
}

/** Both have said yes. Resolves with the recovery's id. */
async function held(somebody: Somebody): Promise<string> {
  const bank = scene.installation.executeTokenFile;
  const { told } = await expectExit(recover(somebody, bank, "begin", "--reason", "key lost on a trip"), 0);
  await somebody.hands.phoneSays("Somebody asked to replace your keys");
  await somebody.hands.phoneSays("key lost on a trip");
  const id = String(told[0]?.["recoveryId"]);
  await expectExit(recover(somebody, bank, "approve", id), 69);
  const approved = await expectExit(recover(somebody, clerk(), "approve", id), 0);
  expect(approved.told[0]).toMatchObject({ recoveryId: id, state: "HELD" });
  await somebody.hands.phoneSays("Your keys are going to be replaced");
  return id;
}

describe("check 19: a recovery, while its owner looks on", () => {
  beforeAll(async () => {
    const { installation } = scene;
    const at = (name: string): string => join(installation.folder, name);
    await installation.core().stop("SIGKILL");
    const folders = ["--data", at("data"), "--secrets", at("secrets"), "--out", at("tokens")];
    const named = ["--tenant", "acme", "--issuer", "Acme Bank", "--app", "clerk:execute"];
    await runOnce("core/server/src/main.ts", ["bootstrap", ...folders, ...named]);
    await installation.restartCore();
  }, 400_000);

  test("check 19: one alone is refused, the hold holds, and /freeze in the chat stops it", async () => {
    const somebody = await scene.user();
    const { hands, run } = somebody;
    const id = await held(somebody);
    const early = run("--token-file", clerk(), "key", "enrol", "--serial", somebody.desk.serial, "--recovery", id);
    await expectExit(early, 21);
    await hands.phone.send("/freeze");
    await hands.phoneSays("Your keys stay: their replacement was stopped");
    const left = await expectExit(recover(somebody, clerk(), "list"), 0);
    expect(left.told).toEqual([]);
    expect((await keysOf(somebody)).map(({ state }) => state)).toEqual([KeyState.ACTIVE]);
  }, 400_000);

  test("check 19: who confirms anything with his old key has lost nothing: it stops", async () => {
    const somebody = await scene.user();
    const { hands, pay } = somebody;
    await held(somebody);
    const paying = pay();
    await hands.confirm();
    await expectExit(paying, 0);
    await hands.phoneSays("Your keys stay: their replacement was stopped");
    expect((await expectExit(recover(somebody, clerk(), "list"), 0)).told).toEqual([]);
  }, 400_000);
});

describe("names", () => {
  test("a key is renamed, listed and revoked by its name", async () => {
    const somebody = await scene.user();
    const { run } = somebody;
    const [key] = await keysOf(somebody);
    await expectExit(run("key", "rename", key?.keyId ?? "", "Schreibtisch"), 0);
    const { told } = await expectExit(run("key", "list"), 0);
    expect(told).toContainEqual(
      expect.objectContaining({ where: "core", keyId: key?.keyId, name: "Schreibtisch", state: "ACTIVE" }),
    );
    await expectExit(run("key", "revoke", "Schreibtisch"), 0);
    expect((await keysOf(somebody)).map(({ state }) => state)).toEqual([KeyState.REVOKED]);
  }, 400_000);
});
