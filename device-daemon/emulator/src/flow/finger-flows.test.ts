import { describe, expect, test } from "@jest/globals";
import { decodeSigned, HidCommand, HidError, Status, Subcommand, UserMethod } from "@countersign/key-protocol";
import { decodeStatement, parseSigned, type Statement } from "@countersign/protocol";
import { MemoryKeyStore } from "../storage/key-store.ts";
import { SealedStore } from "../storage/sealed-store.ts";
import { addFinger, Bench, enrolKey, PIN, presentRequest, readyBench, setPin } from "../testing/bench.ts";
import { tempFolder } from "@countersign/testing";

const BY_FINGER = { subcommand: Subcommand.VERIFY_USER, method: UserMethod.BIOMETRIC } as const;
const BY_PIN = { subcommand: Subcommand.VERIFY_USER, method: UserMethod.PIN } as const;
const folder = tempFolder();

function statementOf(bench: Bench): Statement {
  const answer = bench.answer();
  if (!("body" in answer)) throw new Error(`status ${answer.status}`);
  return decodeStatement(parseSigned(decodeSigned(answer.body)).payload);
}

function touch(bench: Bench, name: string): void {
  bench.input({ type: "finger", match: false, name });
}

function toPinPage(bench: Bench, keyId: Uint8Array): void {
  bench.request(bench.open(), presentRequest(keyId));
  bench.press("next", "next", "next", "next");
}

/** A key with keypad and sensor that knows one finger. */
function withFinger(name = "left thumb"): { bench: Bench; keyId: Uint8Array } {
  const { bench, keyId } = readyBench({ finger: true });
  addFinger(bench, name);
  return { bench, keyId };
}

describe("a finger", () => {
  test("claim 10: is made known in the key's own menu, by the PIN and three touches, and stays known without power", () => {
    const store = new SealedStore(folder);
    const bench = new Bench({ finger: true }, store);
    setPin(bench);
    bench.input({ type: "hold" });
    expect(bench.rows().map((row) => row.trim())).toEqual(["MENU", "1 change PIN", "2 add finger", "", "", "X reject"]);
    bench.press("2");
    expect(bench.page()).toBe("pin");
    bench.input({ type: "finger", match: true });
    expect(bench.page()).toBe("pin");
    bench.type(PIN);
    expect(bench.rows()[2]?.trim()).toBe("3 times");
    touchToAdd(bench, "left thumb", "right thumb", "right thumb");
    expect(bench.rows()[2]?.trim()).toBe("once more");
    bench.input({ type: "finger", match: false, name: "right thumb" });
    expect(bench.rows()[2]?.trim()).toBe("once more");
    touchToAdd(bench, "right thumb");
    expect(bench.rows().map((row) => row.trim())).toEqual(["DONE", "", "finger 1 is known", "", "", "OK"]);
    expect(new SealedStore(folder).load()?.fingers?.map(({ slot }) => slot)).toEqual([1]);
    const keyId = enrolKey(bench);
    bench.replug();
    toPinPage(bench, keyId);
    touch(bench, "right thumb");
    expect(bench.page()).toBe("code");
  });

  test("claim 10: the statement says 2 after a finger, 1 after the PIN, on the same key", () => {
    const { bench, keyId } = withFinger();
    toPinPage(bench, keyId);
    expect(bench.rows()[0]?.trim()).toBe("PIN OR FINGER");
    touch(bench, "left thumb");
    bench.type("482915");
    expect(statementOf(bench)).toMatchObject({ decision: 1, userVerification: 2 });
    toPinPage(bench, keyId);
    bench.type(PIN);
    bench.type("482915");
    expect(statementOf(bench)).toMatchObject({ decision: 1, userVerification: 1 });
  });

  test("claim 10: five that are not known rest the sensor, also over an unplug, until the PIN is right", () => {
    const { bench, keyId } = withFinger();
    toPinPage(bench, keyId);
    for (let at = 0; at < 5; at++) {
      touch(bench, `stranger ${at}`);
      expect(bench.page()).toBe("pin");
    }
    expect(bench.rows()[1]?.trim()).toBe("give the PIN");
    touch(bench, "left thumb");
    expect(bench.page()).toBe("pin");
    bench.replug();
    toPinPage(bench, keyId);
    expect([bench.rows()[0]?.trim(), bench.rows()[1]?.trim()]).toEqual(["PIN", "the sensor rests"]);
    touch(bench, "left thumb");
    expect(bench.page()).toBe("pin");
    bench.type(PIN);
    expect(bench.page()).toBe("code");
    bench.press("reject", "1", "ok");
    toPinPage(bench, keyId);
    touch(bench, "left thumb");
    expect(bench.page()).toBe("code");
  });

  test("claim 10: wrong fingers cost no PIN try, a right finger none of the wrong PINs'", () => {
    const { bench, keyId } = withFinger();
    toPinPage(bench, keyId);
    touch(bench, "stranger");
    bench.type("999999");
    expect(bench.store.load()).toMatchObject({ retries: 7, fingerTries: 4 });
    touch(bench, "left thumb");
    expect(bench.store.load()).toMatchObject({ retries: 7 });
    expect(bench.store.load()).not.toHaveProperty("fingerTries");
  });

  test("claim 10: no finger opens a key whose PIN is locked", () => {
    const { bench, keyId } = withFinger();
    toPinPage(bench, keyId);
    for (let at = 0; at < 3; at++) bench.type("999999");
    toPinPage(bench, keyId);
    expect(bench.rows()[0]?.trim()).toBe("PIN LOCKED");
    touch(bench, "left thumb");
    expect(bench.rows()[0]?.trim()).toBe("PIN LOCKED");
  });

  test("several are known by number; a removed one is a stranger, its number is free again, and a sixth has no room", () => {
    const { bench, keyId } = withFinger("one");
    for (const name of ["two", "three", "four", "five"]) addFinger(bench, name);
    bench.input({ type: "hold" });
    bench.press("2");
    expect(bench.rows()[2]?.trim()).toBe("no room for more");
    bench.press("ok");
    bench.input({ type: "hold" });
    bench.press("3");
    bench.type(PIN);
    expect(
      bench
        .rows()
        .slice(0, 4)
        .map((row) => row.trim()),
    ).toEqual(["REMOVE FINGER", "1 finger 1", "2 finger 2", "3 finger 3"]);
    bench.press("9", "2");
    expect(bench.rows()[2]?.trim()).toBe("finger 2 is removed");
    toPinPage(bench, keyId);
    touch(bench, "two");
    expect(bench.rows()[1]?.trim()).toBe("not recognised");
    touch(bench, "five");
    expect(bench.page()).toBe("code");
    bench.press("reject", "1", "ok");
    addFinger(bench, "six");
    expect(bench.store.load()?.fingers?.map(({ slot }) => slot)).toEqual([1, 2, 3, 4, 5]);
  });

  test("a reset forgets the fingers", () => {
    const { bench } = withFinger();
    bench.replug();
    bench.request(bench.open(), { subcommand: Subcommand.RESET });
    bench.input({ type: "hold" });
    expect(bench.answer().status).toBe(Status.OK);
    expect(bench.store.load()).not.toHaveProperty("fingers");
    bench.request(bench.open(), BY_FINGER);
    expect(bench.answer().status).toBe(Status.PIN_REQUIRED);
  });

  test("claim 10: a try is on the store before the finger is compared: known and unknown look alike until then", () => {
    const seen = ["left thumb", "stranger"].map((name) => {
      const { bench, keyId } = withFinger();
      toPinPage(bench, keyId);
      const store = bench.store as MemoryKeyStore;
      const tried: (number | undefined)[] = [];
      store.save = (state) => {
        tried.push(state.fingerTries);
        throw new Error("no power");
      };
      touch(bench, name);
      return [tried, bench.answer().status];
    });
    expect(seen).toEqual([
      [[4], Status.STORAGE],
      [[4], Status.STORAGE],
    ]);
  });
});

describe("claim 24: verifyUser", () => {
  test("by finger takes the finger alone, and the session says so in the statement", () => {
    const { bench, keyId } = withFinger();
    const channel = bench.open();
    bench.request(channel, BY_FINGER);
    expect(bench.page()).toBe("finger");
    bench.press("1", "2", "3", "4", "5", "6", "ok");
    expect(bench.page()).toBe("finger");
    touch(bench, "left thumb");
    expect(bench.answer().status).toBe(Status.OK);
    bench.request(channel, presentRequest(keyId));
    bench.press("next", "next", "next", "next");
    expect(bench.page()).toBe("code");
    bench.type("482915");
    expect(statementOf(bench).userVerification).toBe(2);
  });

  test("by PIN takes no finger", () => {
    const { bench } = withFinger();
    bench.request(bench.open(), BY_PIN);
    expect(bench.rows()[0]?.trim()).toBe("PIN");
    touch(bench, "left thumb");
    expect(bench.page()).toBe("pin");
  });

  test("by finger is 0D while the sensor rests, 05 while no finger is known", () => {
    const { bench } = withFinger();
    bench.request(bench.open(), BY_FINGER);
    for (let at = 0; at < 5; at++) touch(bench, "stranger");
    expect(bench.answer().status).toBe(Status.NOT_ALLOWED);
    bench.request(bench.open(), BY_FINGER);
    expect(bench.answer().status).toBe(Status.NOT_ALLOWED);
    const fresh = new Bench({ finger: true });
    setPin(fresh);
    fresh.request(fresh.open(), BY_FINGER);
    expect(fresh.answer().status).toBe(Status.PIN_REQUIRED);
  });
});

describe("a key without keypad", () => {
  const noKeypad = { keypad: false, finger: true } as const;

  test("claim 10: approves and enrols nothing before a finger is known; the second finger wants the first", () => {
    const bench = new Bench(noKeypad);
    bench.request(bench.open(), presentRequest(new Uint8Array(16)));
    expect(bench.answer().status).toBe(Status.NO_KEY);
    bench.request(bench.open(), BY_FINGER);
    expect(bench.answer().status).toBe(Status.PIN_REQUIRED);
    addFinger(bench, "left thumb");
    bench.input({ type: "hold" });
    bench.press("1");
    expect(bench.page()).toBe("finger");
    touch(bench, "stranger");
    expect(bench.page()).toBe("finger");
    touch(bench, "left thumb");
    expect(bench.page()).toBe("add-finger");
  });

  test("claim 10: fifteen wrong fingers over unplugs block it until a reset", () => {
    const { bench } = readyBench(noKeypad);
    for (let round = 0; round < 3; round++) {
      bench.replug();
      bench.request(bench.open(), BY_FINGER);
      for (let at = 0; at < 5; at++) bench.input({ type: "finger", match: false });
      expect(bench.answer().status).toBe(Status.NOT_ALLOWED);
    }
    bench.replug();
    bench.request(bench.open(), BY_FINGER);
    expect(bench.answer().status).toBe(Status.NOT_ALLOWED);
    expect(bench.store.load()?.fingerTries).toBe(0);
  });
});

describe("the key's own menu", () => {
  test("sets and changes the PIN without a PC", () => {
    const bench = new Bench();
    bench.input({ type: "hold" });
    bench.press("1");
    bench.type(PIN);
    bench.type(PIN);
    expect(bench.rows()[2]?.trim()).toBe("set PIN");
    bench.press("ok");
    bench.input({ type: "hold" });
    bench.press("1");
    bench.type(PIN);
    bench.type("112233");
    bench.type("112233");
    expect(bench.rows()[2]?.trim()).toBe("change PIN");
    expect(bench.store.load()?.retries).toBe(8);
  });

  test("threat 24: a host waits while it is open: no page of a request takes its place under the person's finger", () => {
    const { bench, keyId } = readyBench();
    const channel = bench.open();
    bench.input({ type: "hold" });
    bench.request(channel, presentRequest(keyId));
    expect(bench.last()).toMatchObject({ command: HidCommand.ERROR });
    expect(bench.last().payload).toEqual(Uint8Array.of(HidError.CHANNEL_BUSY));
    expect(bench.page()).toBe("menu");
    bench.press("reject");
    expect(bench.page()).toBe("idle");
    bench.request(channel, presentRequest(keyId));
    expect(bench.page()).toBe("pages");
  });

  test.each([
    ["a plain FIDO2 key", { vendor: false, display: false, keypad: false, finger: true }],
    ["a key with neither keypad nor sensor", { keypad: false }],
  ])("%s has none", (_name, profile) => {
    const bench = new Bench(profile);
    bench.input({ type: "hold" });
    expect(bench.page()).toBe("idle");
  });

  test("closes by itself after two minutes, and a short press never opens it", () => {
    const bench = new Bench();
    bench.press("ok", "next", "1");
    expect(bench.page()).toBe("idle");
    bench.input({ type: "hold" });
    bench.pass(119_999);
    expect(bench.page()).toBe("menu");
    bench.pass(1);
    expect(bench.page()).toBe("idle");
  });
});

function touchToAdd(bench: Bench, ...names: readonly string[]): void {
  for (const name of names) bench.input({ type: "finger", match: true, name });
}
