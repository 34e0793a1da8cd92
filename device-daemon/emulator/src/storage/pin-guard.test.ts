import { describe, expect, test } from "@jest/globals";
import { Status, Subcommand } from "@countersign/key-protocol";
import { Bench, PIN, presentRequest, readyBench, setPin } from "../testing/bench.ts";
import type { KeyState } from "./key-state.ts";
import { type KeyStore, MemoryKeyStore } from "./key-store.ts";

const WRONG = "999999";

function toPinPage(bench: Bench, keyId: Uint8Array): void {
  bench.request(bench.open(), presentRequest(keyId));
  bench.press("next", "next", "next", "next");
}

function retries(bench: Bench): number | undefined {
  return bench.store.load()?.retries;
}

/** Loses its power at the n-th save: before the write, or right after it. */
class CuttingStore implements KeyStore {
  readonly #inner = new MemoryKeyStore();
  #left = Number.POSITIVE_INFINITY;
  #after = false;

  cutAt(saves: number, after: boolean): void {
    this.#left = saves;
    this.#after = after;
  }

  load(): KeyState | undefined {
    return this.#inner.load();
  }

  save(state: KeyState): void {
    if (--this.#left < 0) throw new Error("no power");
    if (this.#left === 0 && !this.#after) throw new Error("power cut before the write");
    this.#inner.save(state);
    if (this.#left === 0) throw new Error("power cut after the write");
  }
}

describe("the PIN", () => {
  test("no PIN, no enrolment and no approval", () => {
    const bench = new Bench();
    bench.request(bench.open(), {
      subcommand: Subcommand.ENROL_KEY,
      serverId: new Uint8Array(16),
      serverName: "Acme Bank",
      algorithm: 1,
      challenge: new Uint8Array(32),
      digits: false,
    });
    expect(bench.answer().status).toBe(Status.PIN_REQUIRED);
  });

  test("is shown as stars, with the tries that are left", () => {
    const { bench, keyId } = readyBench();
    toPinPage(bench, keyId);
    bench.press("4", "8", "2", "9");
    expect(
      bench
        .rows()
        .slice(0, 4)
        .map((row) => row.trim()),
    ).toEqual(["PIN", "", "****__", "8 tries left"]);
    bench.press("1", "5", "0", "0", "0", "0", "0", "0", "0");
    expect(bench.rows()[2]?.trim()).toBe("*".repeat(12));
  });

  test("a wrong one costs a try, a right one restores all", () => {
    const { bench, keyId } = readyBench();
    toPinPage(bench, keyId);
    bench.type(WRONG);
    expect(bench.rows()[1]).toContain("wrong PIN");
    expect([retries(bench), bench.rows()[3]?.trim()]).toEqual([7, "7 tries left"]);
    bench.type(PIN);
    expect([bench.page(), retries(bench)]).toEqual(["code", 8]);
  });

  test("5 digits are not taken, erase deletes one", () => {
    const { bench, keyId } = readyBench();
    toPinPage(bench, keyId);
    bench.type("48291");
    expect([bench.page(), retries(bench)]).toEqual(["pin", 8]);
    bench.press("erase", "back", "9", "1", "5", "ok");
    expect(bench.page()).toBe("code");
  });

  test("claim 10: three wrong in a row need an unplug; a reject still goes without PIN", () => {
    const { bench, keyId } = readyBench();
    toPinPage(bench, keyId);
    for (let at = 0; at < 3; at++) bench.type(WRONG);
    expect(bench.answer()).toEqual({ status: Status.PIN_INVALID, retries: 5 });
    toPinPage(bench, keyId);
    expect(bench.rows()[0]?.trim()).toBe("PIN LOCKED");
    bench.press("reject", "1", "ok");
    expect(bench.answer().status).toBe(Status.OK);
    toPinPage(bench, keyId);
    bench.type(PIN);
    expect(bench.answer()).toEqual({ status: Status.PIN_BLOCKED, retries: 5 });
    bench.replug();
    toPinPage(bench, keyId);
    bench.type(PIN);
    expect(bench.page()).toBe("code");
  });

  test("claim 10: eight wrong over unplugs block for good; only a reset, which wipes the keys, helps", () => {
    const { bench, keyId } = readyBench();
    for (let wrong = 0; wrong < 8; wrong++) {
      if (wrong % 3 === 0) {
        bench.replug();
        toPinPage(bench, keyId);
      }
      bench.type(WRONG);
    }
    expect(bench.answer()).toEqual({ status: Status.PIN_BLOCKED, retries: 0 });
    bench.replug();
    toPinPage(bench, keyId);
    bench.type(PIN);
    expect(bench.answer()).toEqual({ status: Status.PIN_BLOCKED, retries: 0 });

    bench.replug();
    bench.request(bench.open(), { subcommand: Subcommand.RESET });
    bench.press("ok", "ok", "ok");
    expect(bench.answer().status).toBe(Status.OK);
    expect(bench.store.load()).toMatchObject({ retries: 8, credentials: [] });
    setPin(bench, "112233");
  });

  test("claim 10: after a reset by a long press the new PIN counts from the start, without an unplug; the device's own key stays", () => {
    const { bench, keyId } = readyBench();
    const { attestation } = bench.store.load() ?? {};
    bench.replug();
    toPinPage(bench, keyId);
    for (let at = 0; at < 3; at++) bench.type(WRONG);
    bench.request(bench.open(), { subcommand: Subcommand.RESET });
    bench.input({ type: "hold" });
    expect(bench.answer().status).toBe(Status.OK);
    expect(bench.store.load()).toMatchObject({ attestation, retries: 8, credentials: [] });
    setPin(bench, "112233");
    bench.request(bench.open(), { subcommand: Subcommand.CHANGE_PIN });
    bench.type("112233");
    expect(bench.page()).toBe("new-pin");
  });

  test.each([
    ["before the write: nothing was compared, no try is lost", false, [8, 8, 8, 8]],
    ["after the write: the try is lost", true, [7, 6, 5, 4]],
  ])("claim 10: a power cut %s", (_name, after, left) => {
    const store = new CuttingStore();
    const { bench, keyId } = readyBench({}, store);
    const seen = left.map(() => {
      toPinPage(bench, keyId);
      store.cutAt(1, after);
      bench.type(WRONG);
      expect(bench.answer().status).toBe(Status.STORAGE);
      store.cutAt(Number.POSITIVE_INFINITY, after);
      bench.replug();
      return retries(bench);
    });
    expect(seen).toEqual(left);
  });

  test("claim 10: the counter is on the store before the compare: a cut after the right PIN leaves it one lower", () => {
    const store = new CuttingStore();
    const { bench, keyId } = readyBench({}, store);
    toPinPage(bench, keyId);
    store.cutAt(2, false);
    bench.type(PIN);
    expect(bench.answer().status).toBe(Status.STORAGE);
    store.cutAt(Number.POSITIVE_INFINITY, false);
    expect(retries(bench)).toBe(7);
  });

  test("the statement counter is on the store before the signature leaves", () => {
    for (const after of [false, true]) {
      const store = new CuttingStore();
      const { bench, keyId } = readyBench({}, store);
      bench.request(bench.open(), presentRequest(keyId));
      bench.press("reject", "1");
      store.cutAt(1, after);
      bench.press("ok");
      expect(bench.answer().status).toBe(Status.STORAGE);
      store.cutAt(Number.POSITIVE_INFINITY, after);
      bench.replug();
      bench.request(bench.open(), presentRequest(keyId));
      bench.press("reject", "1", "ok");
      expect(bench.store.load()?.credentials[0]?.counter).toBe(after ? 2 : 1);
    }
  });
});

describe("setting it", () => {
  test("setPin wants none set, changePin wants the old one first", () => {
    const bench = new Bench();
    bench.request(bench.open(), { subcommand: Subcommand.CHANGE_PIN });
    expect(bench.answer().status).toBe(Status.PIN_REQUIRED);
    setPin(bench);
    bench.request(bench.open(), { subcommand: Subcommand.SET_PIN });
    expect(bench.answer().status).toBe(Status.NOT_ALLOWED);
    bench.request(bench.open(), { subcommand: Subcommand.CHANGE_PIN });
    bench.type(PIN);
    expect(bench.page()).toBe("new-pin");
    bench.type("112233");
    bench.type("112233");
    expect(bench.answer().status).toBe(Status.OK);
  });

  test("two different entries start again, a reject changes nothing", () => {
    const bench = new Bench();
    bench.request(bench.open(), { subcommand: Subcommand.SET_PIN });
    bench.type("112233");
    bench.type("112234");
    expect([bench.page(), bench.rows()[1]?.trim()]).toEqual(["new-pin", "not the same"]);
    bench.press("reject");
    expect(bench.answer().status).toBe(Status.USER_DENIED);
    expect(bench.store.load()).not.toHaveProperty("pin");
  });
});
