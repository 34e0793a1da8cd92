import { Kind, Label, Mode, NoticeType, Phase, RejectReason } from "../testing/index.ts";
import { describe, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { revealText } from "../message/message.ts";
import { everyMessage } from "../testing/every-message.ts";
import { segments, septets } from "../testing/gsm-7.ts";
import { sampleOutgoing } from "../testing/sample-outgoing.ts";
import { sampleNotice } from "../testing/sample.ts";
import { enShort } from "./en-short.ts";
import { en, type MessageId } from "./en.ts";
import { LOCALES, Words } from "./words.ts";

const ids = Object.keys(en) as MessageId[];
/** Texts with values are measured as whole messages. */
const sentences = ids.filter((id) => !en[id].includes("{"));
const GSM_LOCALES = ["en", "de"];

function placeables(pattern: string): string[] {
  return pattern.match(/\$\w+/g) ?? [];
}

test("what is put in short has a full text, and says the same values", () => {
  for (const [id, pattern] of Object.entries(enShort)) {
    const full = placeables(en[id as MessageId]);
    expect([id, placeables(pattern).every((name) => full.includes(name))]).toEqual([id, true]);
  }
});

test.each(GSM_LOCALES)("%s, short: the whole frame can be written in GSM-7", (locale) => {
  const words = Words.in(locale, "short");
  for (const id of sentences) expect([id, septets(words.text(id))]).toEqual([id, expect.any(Number)]);
  for (const { name, outgoing } of everyMessage(["short"], [locale])) {
    const frame = outgoing.message.blocks.flat(2).map((run) => (run.style === "value" ? "" : String(run.text)));
    expect([name, septets(frame.join("").replaceAll("[code]", "482 915"))]).toEqual([name, expect.any(Number)]);
  }
});

test.each(LOCALES)("%s, short: every answer of one sentence fits into one or two segments", (locale) => {
  const words = Words.in(locale, "short");
  for (const id of sentences) {
    const most = GSM_LOCALES.includes(locale) ? 1 : 2;
    expect([id, segments(words.text(id)) <= most]).toEqual([id, true]);
  }
});

/** As long as names get: 20 columns, the longest two words, 20 letters of phrase. */
const LONG = { issuerName: "Bank of Utrecht West", tag: "ABSOLUTE ANALYSES", phrase: "four blue teapots x3" };
const LINES = [
  { label: Label.AMOUNT, value: "EUR 1 250.00" },
  { label: Label.TO, value: "Müller GmbH" },
  { label: Label.ACCOUNT, value: "DE89 3704 0044 0532 0130 00" },
];

const DETAIL: Readonly<Record<number, string>> = {
  [NoticeType.KEY_ENROLLED]: "7F3A 91C2 0B4D 11EE",
  [NoticeType.KEY_REVOKED]: "7F3A 91C2 0B4D 11EE",
  [NoticeType.KEY_ASKED]: "7F3A 91C2 0B4D 11EE",
  [NoticeType.RECOVERY_USED]: "7F3A 91C2 0B4D 11EE",
  [NoticeType.TEST]: "anna.rosenberger",
  [NoticeType.CHANGE_APPLIED]: "Accept first key of user 3F2A91C2",
  [NoticeType.CHANGE_FAILED]: "Accept first key of user 3F2A91C2",
  [NoticeType.CHANGE_REJECTED]: "Accept first key of user 3F2A91C2",
  [NoticeType.CHANGE_EXPIRED]: "Accept first key of user 3F2A91C2",
  [NoticeType.RECOVERY_HELD]: "2026-11-23T14:30:00.000Z",
};
const LINK_LINES = [
  { label: Label.CHANNEL, value: "sms" },
  { label: Label.ADDRESS, value: "+4915112345678" },
];

interface Size {
  readonly what: string;
  readonly text: string;
}

function sizesOf(locale: string): Size[] {
  const shown = (what: string, phase: Phase, more: Parameters<typeof sampleOutgoing>[1]): Size => {
    const given = { locale, ...LONG, lines: more?.mode === Mode.A ? [] : LINES, ...more };
    return { what, text: revealText(sampleOutgoing(phase, given, { style: "short", hears: false }).message) };
  };
  return [
    shown("A", Phase.FULL, { mode: Mode.A }),
    shown("A, typed on the PC", Phase.FULL, { mode: Mode.A, codeEntryOnHost: true }),
    shown("B, three lines", Phase.FULL, { mode: Mode.B }),
    shown("C, three lines", Phase.FULL, { mode: Mode.C }),
    shown("C, typed on the PC", Phase.FULL, { mode: Mode.C, codeEntryOnHost: true }),
    shown("link", Phase.FULL, { mode: Mode.B, kind: Kind.LINK, lines: LINK_LINES, phrase: "" }),
    shown("A, executed", Phase.OUTCOME, { mode: Mode.A, notice: sampleNotice(NoticeType.EXECUTED) }),
    shown("B, executed", Phase.OUTCOME, { mode: Mode.B, notice: sampleNotice(NoticeType.EXECUTED) }),
    shown("tampered", Phase.ALERT, { mode: Mode.A, notice: sampleNotice(NoticeType.TAMPERED) }),
    shown("linked", Phase.ALERT, { mode: Mode.A, notice: sampleNotice(NoticeType.LINKED, { detail: "telegram" }) }),
  ];
}

function sizeText(text: string): string {
  return `${septets(text) ?? `${text.length} u`}, ${segments(text)}`;
}

describe("sizes", () => {
  test.each(GSM_LOCALES)("%s: a prompt of mode A is one SMS, with the longest names", (locale) => {
    const [modeA] = sizesOf(locale);
    expect(septets(modeA?.text ?? "")).toBeLessThanOrEqual(160);
  });

  test.each(["zh", "ar"])("%s: a prompt of mode A is two SMS at most, with the longest names", (locale) => {
    const [modeA] = sizesOf(locale);
    expect(modeA?.text.length).toBeLessThanOrEqual(134);
  });

  test.each(LOCALES)(
    "%s: the link of a phone number is two SMS at most, so that SMS can be linked at all",
    (locale) => {
      const given = { locale, mode: Mode.B, kind: Kind.LINK, lines: LINK_LINES, phrase: "" };
      const { message } = sampleOutgoing(Phase.FULL, given, { style: "short", hears: false });
      expect([segments(revealText(message)) <= 2, revealText(message)]).toEqual([true, expect.any(String)]);
    },
  );

  test.each(LOCALES)("%s: every outcome and alert is two SMS at most, with the longest names", (locale) => {
    const types = Object.values(NoticeType).filter((type) => type > 0);
    const long = types.flatMap((type) =>
      [Mode.A, Mode.B].map((mode) => {
        const detail = DETAIL[type] ?? "telegram";
        const notice = sampleNotice(type, { detail, rejectReason: RejectReason.NOT_ME });
        const given = { locale, ...LONG, mode, lines: mode === Mode.A ? [] : LINES, notice };
        const { message } = sampleOutgoing(Phase.OUTCOME, given, { style: "short", hears: false });
        return { type, size: revealText(message).length, segments: segments(revealText(message)) };
      }),
    );
    expect(long.filter((one) => one.segments > 2)).toEqual([]);
  });

  test("those in docs/protocol/messages.md are these", () => {
    const rows = sizesOf("en").map(({ what }, at) => {
      const cells = LOCALES.map((locale) => sizeText(sizesOf(locale)[at]?.text ?? ""));
      return `| ${[what, ...cells].join(" | ")} |`;
    });
    const page = readFileSync(new URL("../../../../docs/protocol/messages.md", import.meta.url), "utf8");
    const written = page
      .split("\n")
      .filter((line) => rows.some((row) => line.startsWith(row.slice(0, row.indexOf("|", 2)))));
    expect(written).toEqual(rows);
  });
});
