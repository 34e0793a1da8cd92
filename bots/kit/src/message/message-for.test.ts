import { NoticeType, Phase } from "@countersign/proto/node/channel/v1/channel_service";
import { Kind, Label, Mode, RejectReason } from "@countersign/proto/node/core/v1/content";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { sampleOutgoing } from "../testing/sample-outgoing.ts";
import { SAMPLE_CODE, SAMPLE_LINES, sampleDeliver, sampleNotice } from "../testing/sample.ts";
import { LOCALES, PSEUDO_LOCALE, Words } from "../wording/words.ts";
import { readDelivery } from "./delivery.ts";
import { messageFor } from "./message-for.ts";
import { groupDigits, revealText, type Message } from "./message.ts";

const MANNER = { zone: "Europe/Berlin", style: "full", hears: true } as const;
const ALL_LOCALES = [...LOCALES, PSEUDO_LOCALE];
const NOTICES = Object.values(NoticeType).filter((type) => type > 0);
const MODES = { A: Mode.A, B: Mode.B, C: Mode.C } as const;

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

/** Every run that is text of the transaction or the code, as it would reach the phone. */
function valuesOf(message: Message): string[] {
  return message.blocks
    .flat(2)
    .filter(({ style }) => style === "value")
    .map(({ text }) => String(text));
}

const cases = ALL_LOCALES.flatMap((locale) =>
  (["A", "B", "C"] as const).flatMap((mode) => [false, true].map((host) => ({ locale, mode, host }))),
);

describe.each(cases)("$locale, mode $mode, host entry $host", ({ locale, mode, host }) => {
  const given = { locale, mode: MODES[mode], codeEntryOnHost: host };
  const shown = mode === "A" ? [] : SAMPLE_LINES;
  const grouped = groupDigits(SAMPLE_CODE, Words.in(locale).direction);

  test("check 25: the notice holds no digit, tag, name or value", () => {
    const text = revealText(messageFor(readDelivery(sampleDeliver(Phase.NOTICE, given)), MANNER));
    expect(text).toBe(Words.in(locale).text("waiting"));
    expect(text).not.toMatch(/\p{Nd}/u);
    for (const hidden of ["AMBER", "Acme", "blue teapot", ...SAMPLE_LINES.map(({ value }) => value)]) {
      expect(text).not.toContain(hidden);
    }
  });

  const claim =
    mode === "A" ? "claim 16: code, tag and expiry, no value" : "claim 17: all lines byte-equal, the code last";
  test(`${claim}; check 15: each exactly once`, () => {
    const message = messageFor(readDelivery(sampleDeliver(Phase.FULL, given)), MANNER);
    const text = revealText(message);
    expect(count(text, grouped)).toBe(1);
    expect(text).not.toContain(SAMPLE_CODE);
    expect(valuesOf(message)).toEqual(shown.map(({ value }) => value));
    for (const { value } of shown) {
      expect(count(text, value)).toBe(1);
      expect(text.indexOf(value)).toBeLessThan(text.indexOf(grouped));
    }
    for (const once of ["AMBER TIGER", "blue teapot", "14:32:10 (UTC+1)"]) expect(count(text, once)).toBe(1);
    const hidden = mode === "A" ? SAMPLE_LINES : [];
    const names = hidden.map(({ label }) => `${Words.in(locale).text(`label-${label}` as "label-1")}:`);
    const kind = mode === "A" ? [Words.in(locale).text("kind-1")] : [];
    for (const absent of [...kind, ...names, ...hidden.map(({ value }) => value)]) expect(text).not.toContain(absent);
    expect(text).not.toMatch(/[\u200E\u200F\u202A-\u202E\u2066-\u2069]/u);
    expect(message.buttons.flat().map(({ id }) => id)).toEqual(["n.ref-1", "w.ref-1", "c.ref-1"]);
  });

  test.each(NOTICES)("notice type %i: the outcome holds no code, and the lines the mode shows once each", (type) => {
    const notice = sampleNotice(type);
    const deliver = sampleDeliver(Phase.OUTCOME, { ...given, notice });
    const message = messageFor(readDelivery(deliver), MANNER);
    const text = revealText(message);
    expect(text.replaceAll(/\s/g, "")).not.toContain(SAMPLE_CODE);
    for (const { value } of SAMPLE_LINES) expect(count(text, value)).toBe(shown.length === 0 ? 0 : 1);
    expect(text).toContain("AMBER TIGER");
    expect(message.buttons).toEqual([]);
    expect(text.includes("77-A")).toBe(type === NoticeType.EXECUTED && mode !== "A");
  });
});

test.each(ALL_LOCALES)("claim 16: in mode A not even lines that came by mistake appear (%s)", (locale) => {
  const deliver = { ...sampleDeliver(Phase.FULL, { locale, mode: Mode.A }), lines: [...SAMPLE_LINES] };
  const text = revealText(messageFor(readDelivery(deliver), MANNER));
  for (const { value } of SAMPLE_LINES) expect(text).not.toContain(value);
});

test("claim 17: any lines and any code appear exactly once, in order, whatever the language", () => {
  const value = fc
    .stringMatching(/^[A-Za-zÀ-ž0-9.,&<>*_()@#-]{3,20}( [A-Za-zÀ-ž0-9]{1,20}){0,4}$/)
    .filter((text) => text.trim() === text && text.length > 2);
  const lines = fc.uniqueArray(value, { minLength: 1, maxLength: 24 });
  const code = fc.stringMatching(/^[0-9]{6,10}$/);
  fc.assert(
    fc.property(fc.constantFrom(...ALL_LOCALES), lines, code, (locale, values, digits) => {
      const deliver = sampleDeliver(Phase.FULL, {
        locale,
        mode: Mode.C,
        code: digits,
        lines: values.map((text, at) => ({ label: ((at % 8) + Label.DETAIL_1) as Label, value: text })),
      });
      const message = messageFor(readDelivery(deliver), MANNER);
      expect(valuesOf(message)).toEqual(values);
      const codes = message.blocks.flat(2).filter(({ style }) => style === "code");
      expect(codes).toHaveLength(1);
      expect(JSON.stringify(message)).not.toContain(groupDigits(digits));
    }),
    { numRuns: 200 },
  );
});

test("the whole message of mode B in English is that of the storyboard", () => {
  const text = revealText(messageFor(readDelivery(sampleDeliver(Phase.FULL)), MANNER));
  expect(text.split("\n")).toEqual([
    "Acme Bank · AMBER TIGER",
    "phrase: blue teapot",
    "",
    "Pay",
    "Amount: EUR 1 250.00",
    "To: Müller & Söhne <GmbH>",
    "Account: DE89 3704 0044 0532 0130 00",
    "Reference: Invoice *2026*-114 _a_ [x](y) @name /freeze",
    "",
    "Every line must match the key AND what you meant.",
    "",
    "Code: 482 915",
    "Valid until 14:32:10 (UTC+1)",
    "Type it only on your key. Nobody from Acme Bank will ask for it.",
  ]);
});

test("in Arabic every value has a row of its own", () => {
  const message = messageFor(readDelivery(sampleDeliver(Phase.FULL, { locale: "ar-EG" })), MANNER);
  const rows = message.blocks.flat().filter((row) => row.some(({ style }) => style === "value" || style === "code"));
  expect(rows.every((row) => row.length === 1)).toBe(true);
  expect(message.blocks.flat().map((row) => row.map(({ text }) => String(text)).join(""))).toContain(
    "14:32:10 (UTC+1)",
  );
  expect(rows).toHaveLength(SAMPLE_LINES.length + 1);
});

test.each([
  { type: NoticeType.WRONG_CODE, says: "Wrong code, 2 tries left" },
  { type: NoticeType.RESENT, says: "New code: it takes the place of the last one" },
])("after $says the whole message still holds the code once", ({ type, says }) => {
  const text = revealText(messageFor(readDelivery(sampleDeliver(Phase.FULL, { notice: sampleNotice(type) })), MANNER));
  expect(text).toContain(says);
  expect(count(text, groupDigits(SAMPLE_CODE))).toBe(1);
});

test.each([NoticeType.KEY_ENROLLED, NoticeType.LINKED, NoticeType.UNLINKED])(
  "check 19: who or what came or went is named in mode A too: it is no value of the transaction (%s)",
  (type) => {
    const notice = sampleNotice(type, { detail: "7F3A 91C2 0B4D 11EE" });
    const text = revealText(messageFor(readDelivery(sampleDeliver(Phase.ALERT, { mode: Mode.A, notice })), MANNER));
    expect(text).toContain("7F3A 91C2 0B4D 11EE");
  },
);

test.each([
  { reason: RejectReason.WRONG_DATA, says: "(wrong data)" },
  { reason: RejectReason.NOT_ME, says: "/thaw" },
  { reason: RejectReason.CHANGED_MY_MIND, says: "(changed your mind)" },
  { reason: RejectReason.SOMEBODY_TOLD_ME_TO, says: "(somebody told you to)" },
])("a reject names its reason: $says", ({ reason, says }) => {
  const notice = sampleNotice(NoticeType.REJECTED, { rejectReason: reason });
  expect(revealText(messageFor(readDelivery(sampleDeliver(Phase.OUTCOME, { notice })), MANNER))).toContain(says);
});

test("a veto is still offered after CONFIRMED", () => {
  const notice = sampleNotice(NoticeType.CONFIRMED);
  const message = messageFor(readDelivery(sampleDeliver(Phase.OUTCOME, { notice, actionRef: "r" })), MANNER);
  expect(revealText(message)).toContain("until 14:41:44 (UTC+1)");
  expect(message.buttons.flat()).toHaveLength(3);
});

test("kinds read differently from each other in every language (check 22)", () => {
  const kinds = Object.values(Kind).filter((kind) => kind > 0);
  for (const locale of ALL_LOCALES) {
    const names = kinds.map((kind) => Words.in(locale).text(`kind-${kind}` as "kind-1"));
    expect(new Set(names).size).toBe(kinds.length);
  }
});

test("check 19: a recovery is told with the end of its hold and how to stop it", () => {
  const notice = sampleNotice(NoticeType.RECOVERY_HELD, { detail: "2026-11-23T14:30:07.000Z" });
  const { message } = sampleOutgoing(Phase.ALERT, { locale: "en", notice }, { style: "full", hears: true });
  const text = revealText(message);
  expect(text).toContain("a new one can take their place from 2026-11-23 ");
  expect(text).toMatch(/\d{2}:30 \(UTC/);
  expect(text).toContain("send /freeze now");
});

test("the end of a hold that is no time is not shown", () => {
  const notice = sampleNotice(NoticeType.RECOVERY_HELD, { detail: "send your PIN to 2026" });
  const { message } = sampleOutgoing(Phase.ALERT, { locale: "en", notice }, { style: "full", hears: true });
  expect(revealText(message)).not.toContain("PIN");
});
