import { describe, expect, test } from "@jest/globals";
import { everyMessage, occurrences, type EveryMessage } from "../testing/every-message.ts";
import { SAMPLE_CODE } from "../testing/sample.ts";
import { LOCALES, PSEUDO_LOCALE, Words } from "../wording/words.ts";
import { revealRun, revealText, type Row, type Run } from "./message.ts";

const CODE = /(?<!\d)482\D?915(?!\d)/u;
const URL_LIKE = /\w+:\/\/|www\.|mailto:|(?<![\p{L}\d])[\w-]+\.(?=[a-z])[\w-]{2,}/iu;
const MARKS = /[\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/u;
/** What a notice names stands before the lines. */
const NAMED: readonly string[] = [
  "Telegram",
  "7F3A 91C2 0B4D 11EE",
  "ledger 77-A",
  "treasurer",
  "anna",
  "Enable app 3F2A91C2",
];

const settings = [...LOCALES, PSEUDO_LOCALE].flatMap((locale) =>
  (["full", "short"] as const).map((style) => ({ locale, style })),
);

function textOf({ outgoing }: EveryMessage): string {
  return revealText(outgoing.message);
}

function rowsOf({ outgoing }: EveryMessage): readonly Row[] {
  return outgoing.message.blocks.flat();
}

function runsOf(of: EveryMessage): Run[] {
  return rowsOf(of).flat();
}

/** The message without what others chose: values, names, times, the code. */
function frameOf(of: EveryMessage): string {
  return rowsOf(of)
    .map((row) => row.map((run) => (run.style === "plain" ? run.text : "")).join(""))
    .join("\n");
}

/** The values of the transaction as the message has them. */
function linesOf(of: EveryMessage): string[] {
  const shown = runsOf(of).flatMap((run) => (run.style === "value" ? [run.text] : []));
  return of.code === undefined && NAMED.includes(shown[0] ?? "") ? shown.slice(1) : shown;
}

function isValue({ style }: Run): boolean {
  return style === "value" || style === "code";
}

/** No value looks like the code. */
function innocent({ values }: EveryMessage): boolean {
  return values.every((value) => !CODE.test(value));
}

function tells(of: EveryMessage): boolean {
  const everything = `${textOf(of)}\n${JSON.stringify(of.outgoing)}`;
  return of.hides.some((hidden) => everything.includes(hidden));
}

/** Names of those that break a rule. */
function breaking(all: readonly EveryMessage[], breaks: (of: EveryMessage) => boolean): string[] {
  return all.filter(breaks).map(({ name }) => name);
}

test("every message has a name of its own", () => {
  const names = everyMessage().map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThan(2_000);
});

describe.each(settings)("$locale, $style", ({ locale, style }) => {
  const all = everyMessage([style], [locale]);
  const prompts = all.filter(({ code }) => code !== undefined);
  const others = all.filter(({ code }) => code === undefined);

  test("claim 17: the values are the canonical lines, byte for byte, in order, each a run of its own", () => {
    for (const of of all) expect([of.name, linesOf(of)]).toEqual([of.name, of.values]);
  });

  test("check 15: amount, payee, tag and code stand in the text exactly once", () => {
    const distinct = all.filter(({ collides }) => !collides);
    const twice = breaking(distinct, (of) => of.shows.some(({ text }) => occurrences(textOf(of), text) !== 1));
    expect(twice).toEqual([]);
    expect(prompts.every(({ shows, code }) => shows.some(({ text }) => text === code))).toBe(true);
  });

  test("claim 17: the code is one run, after every line, also where a line holds its digits", () => {
    const wrong = breaking(prompts, (of) => {
      const at = runsOf(of).findIndex(({ style: one }) => one === "code");
      const after = runsOf(of).slice(at + 1);
      return at < 0 || after.some(isValue) || revealRun(runsOf(of)[at] ?? { style: "plain", text: "" }) !== of.code;
    });
    expect(wrong).toEqual([]);
  });

  test("check 25: no other message holds the code, and no preview says anything", () => {
    expect(breaking(others.filter(innocent), (of) => CODE.test(textOf(of)))).toEqual([]);
    expect(breaking(all.filter(innocent), (of) => CODE.test(JSON.stringify(of.outgoing)))).toEqual([]);
    const previews = [...new Set(all.map(({ outgoing }) => outgoing.message.preview))];
    const words = Words.in(locale, style);
    expect(previews).toEqual([words.text("waiting"), words.text("preview-news")]);
    expect(previews.join()).not.toMatch(/\p{Nd}/u);
  });

  test("claim 16: what the mode hides appears nowhere", () => {
    expect(breaking(all, tells)).toEqual([]);
    const hiding = all.filter(({ mode }) => mode === "A");
    expect(breaking(hiding, (of) => of.values.length > 0 || JSON.stringify(of.outgoing).includes(SAMPLE_CODE))).toEqual(
      [],
    );
  });

  test("the frame holds no link, no mark of direction, nothing that autofill looks for", () => {
    expect(breaking(all, (of) => URL_LIKE.test(frameOf(of)) || MARKS.test(textOf(of)))).toEqual([]);
    const fillable = breaking(prompts, (of) => {
      const last = rowsOf(of).at(-1) ?? [];
      return last.some(isValue) || /^@\S+ #/.test(last.map(revealRun).join(""));
    });
    expect(fillable).toEqual([]);
  });

  test("buttons stop and do nothing else; in short there are none", () => {
    const offered = (of: EveryMessage): boolean => style === "full" && of.outgoing.message.buttons.length > 0;
    const ids = new Set(all.flatMap(({ outgoing }) => outgoing.message.buttons.flat().map(({ id }) => id)));
    expect([...ids]).toEqual(style === "full" ? ["n.ref-1", "w.ref-1", "c.ref-1"] : []);
    expect(breaking(all, offered)).toEqual(
      style === "full" ? breaking(all, (of) => of.code !== undefined || of.name.endsWith("notice 1")) : [],
    );
  });

  test("no row is empty or padded; from right to left a value has its row alone; in short there is one block", () => {
    const rightToLeft = Words.in(locale).direction === "rtl";
    const wrong = breaking(all, (of) => {
      const ragged = of.blocks.flat().some((row) => row === "" || row.trim() !== row);
      const mixed = rightToLeft && rowsOf(of).some((row) => row.length > 1 && row.some(isValue));
      return ragged || mixed || (style === "short" && of.blocks.length !== 1);
    });
    expect(wrong).toEqual([]);
  });
});
