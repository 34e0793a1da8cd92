import { describe, expect, test } from "@jest/globals";
import { Status, Subcommand, WaitsFor, decodeSigned } from "@countersign/key-protocol";
import {
  type CborValue,
  codeProofOf,
  decodeStatement,
  encodeCbor,
  encodeContent,
  importPublicKey,
  Kind,
  Label,
  Mode,
  parseSigned,
  SignatureType,
  type Statement,
  toHex,
  txDigestOf,
  verifySigned,
} from "@countersign/protocol";
import { IDLE_MS } from "../runner.ts";
import { type Bench, paymentContent, PIN, presentRequest, readyBench } from "../testing/bench.ts";

/** The statement of the last answer; its signature is checked. */
function statementOf(bench: Bench): Statement {
  const answer = bench.answer();
  if (answer.status !== Status.OK || !("body" in answer)) throw new Error(`status ${answer.status}`);
  const signed = parseSigned(decodeSigned(answer.body));
  const credential = bench.store.load()?.credentials[0];
  const key = importPublicKey(credential?.publicKey ?? new Uint8Array(0));
  expect(verifySigned(signed, SignatureType.STATEMENT, key)).toBe(true);
  expect(toHex(signed.keyId)).toBe(toHex(credential?.keyId ?? new Uint8Array(0)));
  return decodeStatement(signed.payload);
}

function counterOf(bench: Bench): number | undefined {
  return bench.store.load()?.credentials[0]?.counter;
}

function approve(bench: Bench, code = "482915"): void {
  bench.press("next", "next", "next", "next");
  bench.type(PIN);
  bench.type(code);
}

describe("linking a chat", () => {
  const lines = [
    { label: Label.CHANNEL, value: "telegram" },
    { label: Label.ADDRESS, value: "6002" },
  ];
  const content = encodeContent({ version: 1, issuer: "Acme Bank", kind: Kind.LINK, lines });

  test("threat 07: the key warns on a page of its own, after the last line and before the PIN", () => {
    const { bench, keyId } = readyBench();
    bench.request(bench.open(), presentRequest(keyId, { content }));
    bench.press("next", "next");
    expect(bench.page()).toBe("link-warning");
    expect(bench.rows()).toEqual([
      "LINK        Acme Bank",
      "Your own phone must  ",
      "show these lines; a  ",
      "code you saw on the  ",
      "PC is false.         ",
      "X reject ◀ back  OK ✓",
    ]);
    bench.press("back");
    expect(bench.page()).toBe("pages");
    bench.press("next");
    bench.press("ok");
    expect(bench.page()).toBe("pin");
    bench.type(PIN);
    bench.type("482915");
    expect(statementOf(bench)).toMatchObject({ decision: 1, shown: 1 });
  });

  test("threat 07: the warning has a reject, and no other kind has the warning", () => {
    const { bench, keyId } = readyBench();
    bench.request(bench.open(), presentRequest(keyId, { content }));
    bench.press("next", "next", "reject", "1", "ok");
    expect(statementOf(bench)).toMatchObject({ decision: 2, reason: 1 });
    bench.request(bench.open(), presentRequest(keyId));
    bench.press("next", "next", "next", "next");
    expect(bench.page()).toBe("pin");
  });
});

describe("approving", () => {
  test("claim 05: the statement binds the digest of the received content and the proof of the typed code", () => {
    const { bench, keyId } = readyBench();
    const request = presentRequest(keyId);
    bench.request(bench.open(), request);
    approve(bench);
    const digest = txDigestOf(request.content);
    const { codeProof, txDigest, ...rest } = statementOf(bench);
    expect(toHex(txDigest)).toBe(toHex(digest));
    expect(toHex(codeProof ?? new Uint8Array(0))).toBe(toHex(codeProofOf(request.nonce, digest, "482915")));
    expect(rest).toMatchObject({ decision: 1, shown: 1, codeEntry: 1, userVerification: 1, counter: 1 });
    expect(bench.page()).toBe("signed");
  });

  test("a host that asks for information does not take the last words off the display", () => {
    const { bench, keyId } = readyBench();
    bench.request(bench.open(), presentRequest(keyId));
    approve(bench);
    bench.request(bench.open(), { subcommand: Subcommand.GET_INFO });
    expect(bench.page()).toBe("signed");
    bench.press("ok");
    expect(bench.page()).toBe("idle");
  });

  test("claim 05: one changed digit or byte changes the proof or the digest", () => {
    const { bench, keyId } = readyBench();
    const statements = [
      { content: paymentContent(), code: "482915" },
      { content: paymentContent(), code: "482916" },
      { content: paymentContent("Mueller GmbH"), code: "482915" },
    ].map(({ content, code }) => {
      bench.request(bench.open(), presentRequest(keyId, { content }));
      approve(bench, code);
      return statementOf(bench);
    });
    expect(new Set(statements.map(({ txDigest }) => toHex(txDigest))).size).toBe(2);
    expect(new Set(statements.map(({ codeProof }) => toHex(codeProof ?? new Uint8Array(0)))).size).toBe(3);
    expect(statements.map(({ counter }) => counter)).toEqual([1, 2, 3]);
  });

  test("claim 05: no report of the key carries a signature before the code is complete", () => {
    const { bench, keyId } = readyBench();
    const channel = bench.open();
    const heard = bench.heard.length;
    bench.request(channel, presentRequest(keyId));
    bench.press("next", "next", "next", "next");
    bench.type(PIN);
    bench.press("4", "8", "2", "9", "1", "ok", "ok");
    expect(bench.heard).toHaveLength(heard);
    expect(counterOf(bench)).toBe(0);
    bench.press("5", "ok");
    expect(bench.heard).toHaveLength(heard + 1);
    expect(bench.waited.slice(-4)).toEqual([WaitsFor.PAGING, WaitsFor.PIN, WaitsFor.CODE, WaitsFor.COMPUTING]);
  });

  test("claim 07: the code page opens only after the last page was shown, whatever is pressed before", () => {
    const { bench, keyId } = readyBench();
    bench.request(bench.open(), presentRequest(keyId));
    bench.press("1", "erase", "next", "back", "back", "next", "9", "next", "back", "next");
    expect(bench.page()).toBe("pages");
    expect(bench.rows()[0]).toContain("3/4");
    bench.press("next", "next");
    expect(bench.page()).toBe("pin");
    bench.type(PIN);
    expect(bench.page()).toBe("code");
  });

  test("back from an empty PIN or code page leads to the last page again, and the PIN is not asked twice", () => {
    const { bench, keyId } = readyBench();
    bench.request(bench.open(), presentRequest(keyId));
    bench.press("next", "next", "next", "next", "back");
    expect(bench.rows()[0]).toContain("4/4");
    bench.press("next");
    bench.type(PIN);
    bench.press("back");
    expect(bench.page()).toBe("pages");
    bench.press("next");
    expect(bench.page()).toBe("code");
    bench.type("482915");
    expect(statementOf(bench).shown).toBe(1);
  });

  test("the code page shows the digits, the time that is left and the tag", () => {
    const { bench, keyId } = readyBench();
    bench.request(bench.open(), presentRequest(keyId));
    bench.press("next", "next", "next", "next");
    bench.type(PIN);
    bench.press("4", "8", "2");
    bench.pass(26_000);
    const tag = bench.rows()[4];
    expect(bench.rows()).toEqual([
      "CODE        Acme Bank",
      "from your phone      ",
      "4 8 2 _ _ _      1:34",
      "                     ",
      tag,
      "X reject ◀ back  OK ✓",
    ]);
    expect(tag?.trim()).toMatch(/^[A-Z]+ [A-Z]+$/);
  });

  test("a code of 10 digits fits and is taken whole; an eleventh digit is not", () => {
    const { bench, keyId } = readyBench();
    const request = presentRequest(keyId);
    bench.request(bench.open(), request);
    approve(bench, "12345678901");
    const proof = codeProofOf(request.nonce, txDigestOf(request.content), "1234567890");
    expect(toHex(statementOf(bench).codeProof ?? new Uint8Array(0))).toBe(toHex(proof));
  });

  test.each([Mode.KEY_SHOWS, Mode.BOTH_SHOW, Mode.CHAT_SHOWS])(
    "threat 29: mode hint %s changes nothing on a key with display: all pages, then PIN, then code",
    (mode) => {
      const { bench, keyId } = readyBench();
      bench.request(bench.open(), presentRequest(keyId, { mode }));
      approve(bench);
      expect(statementOf(bench)).toMatchObject({ shown: 1, codeEntry: 1, userVerification: 1 });
    },
  );
});

describe("rejecting", () => {
  test.each([
    ["the first page", 0, 2],
    ["the second page", 1, 2],
    ["the last page", 3, 1],
    ["the PIN page", 4, 1],
  ])("claim 10: a reject on %s needs no PIN and says what was shown", (_name, turns, shown) => {
    const { bench, keyId } = readyBench();
    bench.request(bench.open(), presentRequest(keyId));
    for (let at = 0; at < turns; at++) bench.press("next");
    bench.press("reject", "1", "ok");
    expect(statementOf(bench)).toMatchObject({ decision: 2, reason: 1, shown, userVerification: 0, counter: 1 });
    expect(statementOf(bench)).not.toHaveProperty("codeProof");
  });

  test.each([1, 2, 3, 4] as const)("reason %i is signed and marked on the page before OK", (reason) => {
    const { bench, keyId } = readyBench();
    bench.request(bench.open(), presentRequest(keyId));
    bench.press("reject", `${reason}`);
    expect(bench.rows()[reason]?.startsWith(`${reason}▶`)).toBe(true);
    bench.press("ok");
    expect(statementOf(bench).reason).toBe(reason);
  });

  test("after PIN and on the code page a reject says that the PIN was given", () => {
    const { bench, keyId } = readyBench();
    bench.request(bench.open(), presentRequest(keyId));
    bench.press("next", "next", "next", "next");
    bench.type(PIN);
    bench.press("4", "8", "reject", "3", "ok");
    expect(statementOf(bench)).toMatchObject({ decision: 2, reason: 3, userVerification: 1, shown: 1 });
  });

  test("the reason page wants a choice, and back returns to where the person was", () => {
    const { bench, keyId } = readyBench();
    bench.request(bench.open(), presentRequest(keyId));
    bench.press("next", "reject", "ok", "ok", "5", "ok");
    expect(bench.page()).toBe("reject");
    bench.press("back");
    expect(bench.rows()[0]).toContain("2/4");
  });
});

/** A payment whose payee no honest core would let through. */
function evil(value: string): Uint8Array {
  const lines = [
    [Label.AMOUNT, "EUR 1.00"],
    [Label.TO, value],
    [Label.ACCOUNT, "DE89 3704 0044 0532 0130 00"],
  ];
  const members: [number, CborValue][] = [
    [1, 1],
    [2, "Acme Bank"],
    [3, Kind.PAY],
    [4, lines],
  ];
  return encodeCbor(new Map(members));
}

describe("refusing", () => {
  test.each([
    ["mixed letters in one word", "Mül\u043Eer GmbH", 0x43e],
    ["a bidi control", "Müller \u202Ehbmg", 0x202e],
    ["a zero-width space", "Mül\u200Bler", 0x200b],
    ["a script that the profile cannot draw", "公司", 0x516c],
  ])("claim 07: %s is refused with field, character and rule, and a page says so", (_name, value, codePoint) => {
    const { bench, keyId } = readyBench();
    bench.request(bench.open(), presentRequest(keyId, { content: evil(value) }));
    expect(bench.answer()).toMatchObject({ status: Status.UNRENDERABLE, codePoint });
    expect(bench.page()).toBe("cannot-show");
    expect(bench.rows()[0]).toBe("CANNOT SHOW          ");
    expect(bench.rows()[1]).toContain(`U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}`);
    expect(bench.rows()[5]).toBe("nothing was signed OK");
    expect(counterOf(bench)).toBe(0);
    bench.press("ok");
    expect(bench.page()).toBe("idle");
  });

  test("claim 07: the page that says so speaks in words", () => {
    const { bench, keyId } = readyBench();
    bench.request(bench.open(), presentRequest(keyId, { content: evil("Mül\u043Eer GmbH") }));
    expect(bench.rows().map((row) => row.trim())).toEqual([
      "CANNOT SHOW",
      "To U+043E",
      "mixed letters in one",
      "word",
      "",
      "nothing was signed OK",
    ]);
  });

  test("claim 07: an ASCII key refuses Latin-1 letters", () => {
    const { bench, keyId } = readyBench({ glyphs: "ascii" });
    bench.request(bench.open(), presentRequest(keyId));
    expect(bench.answer()).toMatchObject({ status: Status.UNRENDERABLE, codePoint: 0xfc });
  });

  test.each([
    ["kind 999", [999, [[Label.AMOUNT, "EUR 1.00"]]]],
    ["label 999", [Kind.PAY, [[999, "EUR 1.00"]]]],
  ])("claim 07: a registry number that the key does not know is refused: %s", (_name, [kind, lines]) => {
    const { bench, keyId } = readyBench();
    const map = [
      [1, 1],
      [2, "Acme Bank"],
      [3, kind],
      [4, lines],
    ] as unknown as [number, never][];
    bench.request(bench.open(), presentRequest(keyId, { content: encodeCbor(new Map(map)) }));
    expect(bench.answer()).toMatchObject({ status: Status.UNRENDERABLE });
  });

  test("content that is no det-CBOR, or has 25 lines, is refused with nothing shown", () => {
    const { bench, keyId } = readyBench();
    bench.request(bench.open(), presentRequest(keyId, { content: Uint8Array.of(0xbf, 0xff) }));
    expect(bench.answer().status).toBe(Status.BAD_CBOR);
    const lines = Array.from({ length: 25 }, () => [Label.PAYMENT, "x"]);
    const map = [
      [1, 1],
      [2, "Acme Bank"],
      [3, Kind.PAY],
      [4, lines],
    ] as unknown as [number, never][];
    bench.request(bench.open(), presentRequest(keyId, { content: encodeCbor(new Map(map)) }));
    expect(bench.answer().status).toBe(Status.TOO_LONG);
    expect(bench.page()).not.toBe("pages");
  });

  test("threat 05: present is refused for a server that the credential was not enrolled with", () => {
    const { bench, keyId } = readyBench();
    bench.request(bench.open(), presentRequest(keyId, { serverId: new Uint8Array(16).fill(1) }));
    expect(bench.answer().status).toBe(Status.NOT_ALLOWED);
    expect(bench.page()).toBe("idle");
  });

  test("a credential that the key does not have is 0B, with nothing shown", () => {
    const { bench } = readyBench();
    bench.request(bench.open(), presentRequest(new Uint8Array(16)));
    expect(bench.answer().status).toBe(Status.NO_KEY);
  });
});

describe("time", () => {
  test("check 03: the key counts the life of the request on its own clock", () => {
    const { bench, keyId } = readyBench();
    bench.request(bench.open(), presentRequest(keyId, { expiresInS: 60 }));
    bench.press("next", "next", "next", "next");
    bench.type(PIN);
    bench.pass(59_999);
    expect(bench.page()).toBe("code");
    bench.pass(1);
    expect(bench.answer().status).toBe(Status.USER_TIMEOUT);
    expect(counterOf(bench)).toBe(0);
  });

  test("pages time out without a key press, and any press starts the count anew", () => {
    const { bench, keyId } = readyBench();
    bench.request(bench.open(), presentRequest(keyId, { expiresInS: 600 }));
    bench.pass(IDLE_MS - 1);
    bench.press("next");
    bench.pass(IDLE_MS - 1);
    expect(bench.page()).toBe("pages");
    bench.pass(1);
    expect(bench.answer().status).toBe(Status.USER_TIMEOUT);
  });

  test("the signed page goes by itself or by a key, and never blocks the next request", () => {
    const { bench, keyId } = readyBench();
    bench.request(bench.open(), presentRequest(keyId));
    approve(bench);
    expect(
      bench
        .rows()
        .slice(0, 4)
        .map((row) => row.trim()),
    ).toEqual(["SIGNED      Acme Bank", "", "The outcome comes", "on your phone."]);
    bench.request(bench.open(), presentRequest(keyId));
    expect(bench.page()).toBe("pages");
  });
});
