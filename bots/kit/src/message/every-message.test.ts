import { describe, expect, test } from "@jest/globals";
import { everyMessage, occurrences, type EveryMessage } from "../testing/every-message.ts";
import { SAMPLE_CODE } from "../testing/sample.ts";
import { LOCALES, PSEUDO_LOCALE, Words } from "../wording/words.ts";
import { revealRun, revealText, type Run } from "./message.ts";

const CODE = /(?<!\d)482\D?915(?!\d)/u;
const URL_LIKE = /\w+:\/\/|www\.|mailto:|(?<![\p{L}\d])[\w-]+\.(?=[a-z])[\w-]{2,}/iu;

const settings = [...LOCALES, PSEUDO_LOCALE].flatMap((locale) =>
  (["full", "short"] as const).map((style) => ({ locale, style })),
);

function runsOf({ outgoing }: EveryMessage): Run[] {
  return outgoing.message.blocks.flat(2);
}

/** The message without what others chose: values, names, times, the code. */
function frameOf(of: EveryMessage): string {
  const rows = of.outgoing.message.blocks.flat();
  return rows.map((row) => row.map((run) => (run.style === "plain" ? run.text : "")).join("")).join("\n");
}

function* each(of: readonly EveryMessage[]): Generator<readonly [string, EveryMessage, string]> {
  for (const one of of) yield [one.name, one, revealText(one.outgoing.message)];
}

test("every message has a name of its own", () => {
  const names = everyMessage().map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThan(2_000);
});

describe.each(settings)("$locale, $style", ({ locale, style }) => {
  const all = everyMessage([style], [locale]);
  const prompts = all.filter(({ code }) => code !== undefined);

  test("claim 17: the values are the canonical lines, byte for byte, in order, each a run of its own", () => {
    for (const [name, of] of each(all)) {
      const shown = runsOf(of).flatMap((run) => (run.style === "value" ? [run.text] : []));
      // What a notice names (a platform, a fingerprint, the executor's reference) comes before the lines.
      const named = of.code === undefined && NAMED.includes(shown[0] ?? "") ? 1 : 0;
      expect([name, shown.slice(named)]).toEqual([name, of.values]);
    }
  });

  test("check 15: amount, payee and code stand in the text exactly once", () => {
    for (const [name, of, text] of each(all.filter(({ name: n }) => !/ code| words/.test(n)))) {
      for (const { text: part } of of.shows) expect([name, part, occurrences(text, part)]).toEqual([name, part, 1]);
    }
  });

  test("the code is one run, after every line, also where a line holds its digits", () => {
    for (const [name, of, text] of each(prompts)) {
      const runs = runsOf(of);
      expect([name, runs.filter((run) => run.style === "code").length]).toEqual([name, 1]);
      const at = runs.findIndex((run) => run.style === "code");
      expect(runs.slice(at).some((run) => run.style === "value")).toBe(false);
      expect(text.lastIndexOf(of.code ?? "")).toBeGreaterThan(Math.max(0, ...of.values.map((v) => text.indexOf(v))));
    }
  });

  test("check 25: no other message holds the code, and no preview says anything", () => {
    for (const [name, of, text] of each(all)) {
      const { preview } = of.outgoing.message;
      expect([name, preview]).not.toEqual([name, ""]);
      expect(preview).not.toMatch(/\p{Nd}|AMBER|TIGER|Acme|teapot|EUR|Müller/u);
      if (of.code === undefined && of.values.every((value) => !CODE.test(value))) expect(text).not.toMatch(CODE);
      expect(JSON.stringify(of.outgoing)).not.toMatch(of.values.some((value) => CODE.test(value)) ? /^$/ : CODE);
    }
  });

  test("claim 16: what the mode hides appears nowhere", () => {
    for (const [name, of, text] of each(all)) {
      const whole = `${text}\n${JSON.stringify(of.outgoing.message)}`;
      for (const hidden of of.hides) expect([name, hidden, whole.includes(hidden)]).toEqual([name, hidden, false]);
      if (of.mode === "A") expect(JSON.stringify(of.outgoing)).not.toContain(SAMPLE_CODE);
    }
  });

  test("the frame holds no link, no mark of direction, nothing that autofill looks for", () => {
    for (const [name, of, text] of each(all)) {
      expect([name, URL_LIKE.exec(frameOf(of))?.[0]]).toEqual([name, undefined]);
      expect(text).not.toMatch(/[\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/u);
      const last = of.outgoing.message.blocks.flat().at(-1) ?? [];
      if (of.code !== undefined) expect(last.some((run) => run.style === "value" || run.style === "code")).toBe(false);
      expect(last.map(revealRun).join("")).not.toMatch(/^@\S+ #\d+/);
    }
  });

  test("buttons stop and do nothing else; in short there are none", () => {
    for (const [name, of] of each(all)) {
      const ids = of.outgoing.message.buttons.flat().map(({ id }) => id);
      const offered = style === "full" && (of.code !== undefined || / notice 1$/.test(name));
      const expected = offered ? ["n.ref-1", "w.ref-1", "c.ref-1"] : [];
      expect([name, ids]).toEqual([name, / alert /.test(name) && offered ? ids : expected]);
    }
  });

  test("a label never runs into its value, and a row never into the next", () => {
    const words = Words.in(locale, style);
    for (const [name, of] of each(all)) {
      expect([name, of.blocks.flat().every((row) => row !== "" && row.trim() === row)]).toEqual([name, true]);
      if (words.direction === "rtl") {
        const mixed = of.outgoing.message.blocks.flat().filter((row) => row.length > 1 && row.some(isValue));
        expect([name, mixed]).toEqual([name, []]);
      }
      if (style === "short") expect(of.outgoing.message.blocks).toHaveLength(1);
    }
  });
});

const NAMED: readonly string[] = ["Telegram", "7F3A 91C2 0B4D 11EE", "ledger 77-A"];

function isValue({ style }: Run): boolean {
  return style === "value" || style === "code";
}
