import { describe, expect, test } from "@jest/globals";
import { decodeKeyInfo, decodeKeyList, decodeSigned, Status, Subcommand, UserMethod } from "@countersign/key-protocol";
import { decodeStatement, parseSigned, type Statement } from "@countersign/protocol";
import { Bench, enrolKey, PIN, presentRequest, readyBench } from "../testing/bench.ts";

const BY_PIN = { subcommand: Subcommand.VERIFY_USER, method: UserMethod.PIN } as const;

function bodyOf(bench: Bench): Uint8Array {
  const answer = bench.answer();
  if (!("body" in answer)) throw new Error(`status ${answer.status}`);
  return answer.body;
}

function statementOf(bench: Bench): Statement {
  return decodeStatement(parseSigned(decodeSigned(bodyOf(bench))).payload);
}

/** A channel on which the PIN was given. */
function verified(bench: Bench): number {
  const channel = bench.open();
  bench.request(channel, BY_PIN);
  bench.type(PIN);
  expect(bench.answer().status).toBe(Status.OK);
  return channel;
}

function readPages(bench: Bench): void {
  bench.press("next", "next", "next", "next");
}

describe("getInfo", () => {
  test("says what the key is, and how the PIN stands", () => {
    const bench = new Bench();
    bench.request(bench.open(), { subcommand: Subcommand.GET_INFO });
    expect(decodeKeyInfo(bodyOf(bench))).toMatchObject({
      model: "emulator",
      serial: "TEST-1",
      display: { columns: 21, rows: 6 },
      keypad: true,
      maxRequest: 1768,
      pinState: 0,
      retries: 8,
    });
  });
});

describe("claim 24: verifyUser", () => {
  test("holds for one statement on its channel: no second PIN page", () => {
    const { bench, keyId } = readyBench();
    const channel = verified(bench);
    bench.request(channel, presentRequest(keyId));
    readPages(bench);
    expect(bench.page()).toBe("code");
    bench.type("482915");
    expect(statementOf(bench)).toMatchObject({ userVerification: 1, shown: 1 });
    bench.request(channel, presentRequest(keyId));
    readPages(bench);
    expect(bench.page()).toBe("pin");
  });

  test("holds for 60 s and no longer", () => {
    const { bench, keyId } = readyBench();
    const channel = verified(bench);
    bench.pass(59_000);
    bench.request(channel, presentRequest(keyId));
    readPages(bench);
    expect(bench.page()).toBe("code");
    bench.press("reject", "1", "ok");
    const later = verified(bench);
    bench.pass(60_000);
    bench.request(later, presentRequest(keyId));
    readPages(bench);
    expect(bench.page()).toBe("pin");
  });

  test("is worth nothing on another channel", () => {
    const { bench, keyId } = readyBench();
    verified(bench);
    bench.request(bench.open(), presentRequest(keyId));
    readPages(bench);
    expect(bench.page()).toBe("pin");
  });

  test("a signed reject uses it up, too", () => {
    const { bench, keyId } = readyBench();
    const channel = verified(bench);
    bench.request(channel, presentRequest(keyId));
    bench.press("reject", "2", "ok");
    expect(statementOf(bench)).toMatchObject({ decision: 2, userVerification: 1 });
    bench.request(channel, presentRequest(keyId));
    readPages(bench);
    expect(bench.page()).toBe("pin");
  });

  test("check 26: two approvals need two entries, also within 60 s", () => {
    const { bench, keyId } = readyBench();
    const channel = verified(bench);
    for (const page of ["code", "pin"]) {
      bench.request(channel, presentRequest(keyId));
      readPages(bench);
      expect(bench.page()).toBe(page);
      if (page === "pin") bench.type(PIN);
      bench.type("482915");
      expect(statementOf(bench).userVerification).toBe(1);
    }
  });

  test("a wrong PIN verifies nobody; a reject says 08", () => {
    const { bench } = readyBench();
    bench.request(bench.open(), BY_PIN);
    bench.type("999999");
    expect(bench.page()).toBe("pin");
    bench.press("reject");
    expect(bench.answer().status).toBe(Status.USER_DENIED);
  });

  test("a finger that the key has no sensor for is 0F", () => {
    const { bench } = readyBench();
    bench.request(bench.open(), { subcommand: Subcommand.VERIFY_USER, method: UserMethod.BIOMETRIC });
    expect(bench.answer().status).toBe(Status.UNSUPPORTED);
  });
});

describe("keys", () => {
  test("are listed and deleted only for a verified user", () => {
    const { bench, keyId } = readyBench();
    const stranger = bench.open();
    bench.request(stranger, { subcommand: Subcommand.KEYS, action: "list", from: 0 });
    expect(bench.answer().status).toBe(Status.NOT_ALLOWED);
    bench.request(stranger, { subcommand: Subcommand.KEYS, action: "delete", keyId });
    expect(bench.answer().status).toBe(Status.NOT_ALLOWED);

    const channel = verified(bench);
    bench.request(channel, { subcommand: Subcommand.KEYS, action: "list", from: 0 });
    const list = decodeKeyList(bodyOf(bench));
    expect(list.total).toBe(1);
    expect(list.keys.map((key) => key.keyId)).toEqual([keyId]);
    bench.request(channel, { subcommand: Subcommand.KEYS, action: "delete", keyId });
    expect(bench.page()).toBe("delete");
    expect(bench.rows()[2]?.trim()).toBe("> Acme Bank");
    bench.press("ok");
    expect(bench.answer().status).toBe(Status.OK);
    expect(bench.store.load()?.credentials).toEqual([]);
  });

  test("a long list comes in parts", () => {
    const { bench } = readyBench();
    for (let at = 0; at < 17; at++) enrolKey(bench);
    const channel = verified(bench);
    const pages = [0, 16].map((from) => {
      bench.request(channel, { subcommand: Subcommand.KEYS, action: "list", from });
      return decodeKeyList(bodyOf(bench));
    });
    expect(pages.map(({ total, keys }) => [total, keys.length])).toEqual([
      [18, 16],
      [18, 2],
    ]);
  });
});

describe("reset", () => {
  test("is taken within 10 s of plug-in only, and wants OK three times", () => {
    const { bench } = readyBench();
    bench.replug();
    bench.pass(10_001);
    bench.request(bench.open(), { subcommand: Subcommand.RESET });
    expect(bench.answer().status).toBe(Status.NOT_ALLOWED);
    bench.replug();
    bench.pass(9_000);
    bench.request(bench.open(), { subcommand: Subcommand.RESET });
    bench.press("ok", "ok", "reject");
    expect(bench.answer().status).toBe(Status.USER_DENIED);
    expect(bench.store.load()?.credentials).toHaveLength(1);
    bench.request(bench.open(), { subcommand: Subcommand.RESET });
    bench.press("ok", "ok", "ok");
    expect(bench.answer().status).toBe(Status.OK);
    expect(bench.store.load()?.credentials).toEqual([]);
  });

  test("keeps the device's own key", () => {
    const { bench } = readyBench();
    const before = bench.store.load()?.attestation;
    bench.replug();
    bench.request(bench.open(), { subcommand: Subcommand.RESET });
    bench.press("ok", "ok", "ok");
    expect(bench.store.load()?.attestation).toEqual(before);
  });
});
