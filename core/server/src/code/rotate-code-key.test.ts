import { readdirSync, statSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { runOnce } from "@countersign/testing/child";
import { tempFolder } from "@countersign/testing";
import type { CoreGiven } from "../given.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { loadOrCreateSecrets } from "../secrets.ts";
import type { Found } from "../store/store.ts";
import { Crash, crashAt } from "../testing/altered-store.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { createTransaction } from "../transaction/create.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { finishOpenCompare } from "../verification/finish-open-compare.ts";
import { OPEN_COMPARE_MS, submitStatement } from "../verification/submit-statement.ts";
import { codeOf } from "./derive.ts";
import { resendCode } from "./resend.ts";
import { rotateCodeKey } from "./rotate-code-key.ts";

const root = tempFolder();
let folder: string;
let folders = 0;
let world: CoreWorld;
/** A core that starts now. */
let start: () => CoreGiven;

beforeEach(async () => {
  folder = join(root, String(++folders));
  loadOrCreateSecrets(folder, { create: true });
  world = await CoreWorld.open();
  start = () => ({ ...world.given, secrets: loadOrCreateSecrets(folder, { create: false }) });
});

async function pending(core: CoreGiven): Promise<Transaction> {
  const made = await createTransaction(core, world.draft());
  if (isRefusal(made)) throw new Error(made.message);
  return made.transaction;
}

function codeOn(core: CoreGiven, tx: Transaction): string {
  return codeOf(core, tx, tx.issue).reveal();
}

async function submit(core: CoreGiven, tx: Transaction, signed: Uint8Array): Promise<string> {
  const done = await submitStatement(core, { txId: tx.txId, tenantId: world.tenantId, signed });
  return isRefusal(done) ? done.refused : done.state;
}

describe("an exchange of K_code", () => {
  test("keeps the codes that are out, and gives new transactions codes of the new key", async () => {
    const before = start();
    const old = await pending(before);
    const code = codeOn(before, old);
    rotateCodeKey(folder, "all");
    const after = start();
    expect(codeOn(after, old)).toBe(code);
    const fresh = await pending(after);
    expect(codeOn(after, fresh)).not.toBe(codeOf(before, fresh, fresh.issue).reveal());
    expect(await submit(after, old, world.signed(old, { code }))).toBe("CONFIRMED");
    expect(await submit(after, fresh, world.signed(fresh, { code: codeOn(after, fresh) }))).toBe("CONFIRMED");
  });

  test("knows what was judged before it: no statement costs a second try", async () => {
    const before = start();
    const old = await pending(before);
    const wrong = String((Number(codeOn(before, old)) + 1) % 1_000_000).padStart(6, "0");
    const signed = world.signed(old, { code: wrong });
    expect(await submit(before, old, signed)).toBe("WRONG_CODE");
    rotateCodeKey(folder, "all");
    for (let i = 0; i < 3; i++) expect(await submit(start(), old, signed)).toBe("WRONG_CODE");
    expect((await world.transaction(old.txId)).triesLeft).toBe(2);
  });

  test("over several cores: none uses what another does not know, and who does not know it judges nothing", async () => {
    const ignorant = start();
    expect(rotateCodeKey(folder, "add")).toEqual({ known: [1, 2], inUse: 1 });
    const knowing = start();
    const first = await pending(knowing);
    expect(codeOn(ignorant, first)).toBe(codeOn(knowing, first));
    expect(rotateCodeKey(folder, "use")).toEqual({ known: [1, 2], inUse: 2 });
    const newest = start();
    const second = await pending(newest);
    expect(codeOn(knowing, second)).toBe(codeOn(newest, second));
    const signed = world.signed(second, { code: codeOn(newest, second) });
    await expect(submit(ignorant, second, signed)).rejects.toMatchObject({ refusal: { refused: "UNAVAILABLE" } });
    expect((await world.transaction(second.txId)).triesLeft).toBe(3);
    expect(await submit(knowing, second, signed)).toBe("CONFIRMED");
  });

  test("ends codes of a key that is gone; the next one is right", async () => {
    const old = await pending(start());
    const code = codeOn(start(), old);
    rotateCodeKey(folder, "all");
    expect(rotateCodeKey(folder, "retire")).toEqual({ known: [2], inUse: 2 });
    const after = start();
    expect(await submit(after, old, world.signed(old, { code }))).toBe("WRONG_CODE");
    world.clock.advance(60_000);
    const again = await resendCode(after, old.txId, "test");
    if (isRefusal(again)) throw new Error(again.message);
    expect(await submit(after, again, world.signed(again, { code: codeOn(after, again) }))).toBe("CONFIRMED");
  });

  test("a second one works like the first", async () => {
    rotateCodeKey(folder, "all");
    rotateCodeKey(folder, "retire");
    expect(rotateCodeKey(folder, "all")).toEqual({ known: [2, 3], inUse: 3 });
    const tx = await pending(start());
    expect(await submit(start(), tx, world.signed(tx, { code: codeOn(start(), tx) }))).toBe("CONFIRMED");
  });
});

test("keys that are never retired end before two of them share a number in transactions' ids", () => {
  for (let i = 0; i < 31; i++) rotateCodeKey(folder, "all");
  expect(() => rotateCodeKey(folder, "add")).toThrow("retire");
  expect(rotateCodeKey(folder, "retire")).toEqual({ known: [32], inUse: 32 });
  expect(rotateCodeKey(folder, "add")).toEqual({ known: [32, 33], inUse: 32 });
});

test("the program does it, tells no key, and leaves files that are its owner's alone", async () => {
  const printed = await runOnce("core/server/src/main.ts", ["rotate-code-key", "--secrets", folder]);
  expect(JSON.parse(printed)).toEqual({ known: [1, 2], inUse: 2 });
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
});

test("a folder that lacks the key in use is refused by its name", () => {
  rotateCodeKey(folder, "all");
  unlinkSync(join(folder, "code-2.key"));
  expect(() => start()).toThrow("code-2.key is missing");
});

/** Counts the try of a right code on a core that dies before the verdict. */
async function interrupted(core: CoreGiven): Promise<{ readonly tx: Transaction; readonly signed: Uint8Array }> {
  const tx = await pending(core);
  const signed = world.signed(tx, { code: codeOn(core, tx) });
  const ask = { txId: tx.txId, tenantId: world.tenantId, signed };
  await expect(submitStatement(crashAt(core, 2), ask)).rejects.toThrow(Crash);
  world.clock.advance(OPEN_COMPARE_MS);
  return { tx, signed };
}

async function openCompares(): Promise<Found<"judged">[]> {
  const due = await world.given.store.due(world.given.store.now(), 100);
  return due.filter(({ key }) => key.type === "judged") as Found<"judged">[];
}

describe("a compare that a crash left open", () => {
  test("under a key that the sweeping core has not got is left to one that has", async () => {
    const ignorant = start();
    rotateCodeKey(folder, "all");
    const { tx, signed } = await interrupted(start());
    const [open] = await openCompares();
    await expect(finishOpenCompare(ignorant, open!)).rejects.toMatchObject({ refusal: { refused: "UNAVAILABLE" } });
    expect((await world.user()).wrongInARow).toBe(0);
    await finishOpenCompare(start(), open!);
    expect(await openCompares()).toEqual([]);
    expect((await world.transaction(tx.txId)).state).toBe("CONFIRMED");
    expect(await submit(start(), tx, signed)).toBe("CONFIRMED");
  });

  test("under a key that is gone is over: its try is lost, and it is not met again", async () => {
    const { tx } = await interrupted(start());
    rotateCodeKey(folder, "all");
    rotateCodeKey(folder, "retire");
    const after = start();
    for (const found of await openCompares()) await finishOpenCompare(after, found);
    expect(await openCompares()).toEqual([]);
    expect(await world.transaction(tx.txId)).toMatchObject({ state: "PENDING", triesLeft: 2 });
  });
});
