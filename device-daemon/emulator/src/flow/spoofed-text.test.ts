import { expect, test } from "@jest/globals";
import { Status } from "@countersign/key-protocol";
import { type CborValue, encodeCbor, Kind, Label } from "@countersign/protocol";
import { SMALLEST, USUAL } from "../display/display-size.ts";
import { type Bench, presentRequest, readyBench } from "../testing/bench.ts";

// What people have been deceived with: look-alikes, hidden characters, turned text, marks, other forms of a letter.
const NAUGHTY: readonly (readonly [name: string, text: string])[] = [
  ["a Cyrillic letter in a Latin word", "M\u00FCll\u0435r GmbH"],
  ["a Greek omicron", "Acm\u03B5 Bank"],
  ["a whole word of Cyrillic look-alikes", "\u0420\u0410\u0423"],
  ["a right-to-left override", "safe\u202Eexe.txt"],
  ["an isolate", "a\u2066b\u2069"],
  ["a zero-width space", "Mu\u200Bller"],
  ["a zero-width joiner", "Mu\u200Dller"],
  ["a soft hyphen", "Mul\u00ADler"],
  ["a no-break space", "EUR\u00A01"],
  ["a thin space", "1\u2009000"],
  ["an ideographic space", "a\u3000b"],
  ["a newline", "one\ntwo"],
  ["a tab", "one\ttwo"],
  ["a NUL", "one\u0000two"],
  ["an escape sequence", "\u001B[2Jcleared"],
  ["a decomposed letter", "Mu\u0308ller"],
  ["fullwidth digits", "\uFF11\uFF12\uFF13"],
  ["mathematical letters", "\u{1D400}cme"],
  ["Arabic digits", "\u0661\u0662\u0663"],
  ["an emoji", "ok \u{1F44D}"],
  ["a tag character", "a\u{E0041}b"],
  ["a variation selector", "a\uFE0Fb"],
  ["a private-use character", "a\uE000b"],
  ["a replacement character", "M\uFFFDller"],
  ["a line separator", "one\u2028two"],
  ["a ligature", "\uFB01nance"],
  ["arrows like the key's own", "next \u25B6"],
  ["a leading space", " Acme"],
  ["a trailing space", "Acme "],
  ["two spaces", "Acme  Bank"],
  ["nothing", ""],
  ["141 characters", "x".repeat(141)],
];

const TEXT_LABELS = [Label.TO, Label.REFERENCE, Label.PURPOSE, Label.FILE, Label.ROLE, Label.DETAIL_1] as const;
const ASCII_LABELS = [Label.TARGET, Label.HOST, Label.USER, Label.COMMAND, Label.ADDRESS, Label.NETWORK] as const;
const TYPED_LABELS = [Label.AMOUNT, Label.ACCOUNT, Label.DATE, Label.COUNT, Label.DIGEST, Label.PAYMENT] as const;

function ask(bench: Bench, keyId: Uint8Array, issuer: string, line: readonly [number, string]): void {
  const lines: CborValue[] = [[Label.ACTION, "Look"], [...line]];
  const members: [number, CborValue][] = [
    [1, 1],
    [2, issuer],
    [3, Kind.APPROVE],
    [4, lines],
  ];
  bench.request(bench.open(), presentRequest(keyId, { content: encodeCbor(new Map(members)) }));
}

test.each(NAUGHTY)(
  "threat 23: %s is refused in every field and in the issuer's name, and none of it is shown",
  (_name, text) => {
    for (const size of [USUAL, SMALLEST]) {
      const { bench, keyId } = readyBench({ size });
      for (const label of [...TEXT_LABELS, ...ASCII_LABELS, ...TYPED_LABELS, "issuer"] as const) {
        if (label === "issuer") ask(bench, keyId, text, [Label.TO, "x"]);
        else ask(bench, keyId, "Acme Bank", [label, text]);
        const { status } = bench.answer();
        expect([Status.UNRENDERABLE, Status.TOO_LONG]).toContain(status);
        expect(["cannot-show", "idle"]).toContain(bench.page());
        const strange = bench.rows().join("").replaceAll(/[ -~]/g, "");
        expect(strange).toBe("");
        while (bench.page() === "cannot-show") bench.press("ok");
      }
      expect(bench.store.load()?.credentials[0]?.counter).toBe(0);
    }
  },
);

test("threat 23: a letter beyond ASCII is refused where only ASCII stands, on the key too", () => {
  const { bench, keyId } = readyBench();
  for (const label of [...ASCII_LABELS, ...TYPED_LABELS]) {
    ask(bench, keyId, "Acme Bank", [label, "M\u00FCller"]);
    expect(bench.answer().status).toBe(Status.UNRENDERABLE);
  }
});
