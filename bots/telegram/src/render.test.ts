import { groupDigits, revealText, Secret, Words, type Message } from "@countersign/bot-kit";
import { Label, Mode, Phase, SAMPLE_LINES, sampleOutgoing } from "@countersign/bot-kit/testing";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { renderMessage } from "./render.ts";

const LABELS = Object.values(Label).filter((label) => label >= Label.DETAIL_1);
const locales = ["en", "de", "zh", "ar", "en-XA"];

test.each(locales.flatMap((locale) => [Mode.A, Mode.B, Mode.C].map((mode) => ({ locale, mode }))))(
  "check 15: $locale, mode $mode: every shown line and the code are one entity each, byte for byte",
  ({ locale, mode }) => {
    const { text, entities } = renderMessage(sampleOutgoing(Phase.FULL, { locale, mode }).message);
    const inCode = entities
      .filter(({ type }) => type === "code")
      .map(({ offset, length }) => text.slice(offset, offset + length));
    const shown = mode === Mode.A ? [] : SAMPLE_LINES.map(({ value }) => value);
    expect(inCode).toEqual([...shown, groupDigits("482915", Words.in(locale).direction)]);
  },
);

test("entities cover what they style in any text, emoji and combining letters too", () => {
  const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });
  const style = fc.constantFrom("plain" as const, "strong" as const, "value" as const);
  const row = fc.array(fc.record({ style, text }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(fc.array(row, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }), (blocks) => {
      const message: Message = { locale: "en", direction: "ltr", preview: "", blocks, buttons: [] };
      const rendered = renderMessage(message);
      expect(rendered.text).toBe(revealText(message));
      const styled = blocks.flat(2).filter((run) => run.style !== "plain");
      expect(rendered.entities.map(({ offset, length }) => rendered.text.slice(offset, offset + length))).toEqual(
        styled.map((run) => run.text),
      );
    }),
  );
});

test.each(["pay.example", "@mallory", "/freeze", "#tag", "$EUR", "a\\b"])(
  "a name like %s is nothing to tap",
  (name) => {
    const { entities } = renderMessage(sampleOutgoing(Phase.FULL, { issuerName: name }).message);
    expect(entities[0]).toMatchObject({ type: "code", offset: 0, length: name.length });
  },
);

test("a message of the largest content fits, whatever the language", () => {
  // 1600 bytes of content hold at most so much; labels and frame come on top.
  const lines = Array.from({ length: 24 }, (_, at) => ({
    label: LABELS[at % 8] ?? Label.DETAIL_1,
    value: `${at}`.padEnd(64, "x"),
  }));
  for (const locale of locales) {
    const given = { locale, lines };
    expect(renderMessage(sampleOutgoing(Phase.FULL, given).message).text.length).toBeLessThan(4096);
  }
});

test.each<[string, Partial<Message>]>([
  ["4097 characters", { blocks: [[[{ style: "plain", text: "x".repeat(4097) }]]] }],
  ["101 entities", { blocks: [[Array.from({ length: 101 }, () => ({ style: "value" as const, text: "x" }))]] }],
  ["callback data of 65 bytes", { buttons: [[{ label: "a", id: "é".repeat(33) }]] }],
])("%s are refused, not cut", (_what, part) => {
  const message: Message = {
    locale: "en",
    direction: "ltr",
    preview: "",
    blocks: [[[{ style: "plain", text: "x" }]]],
    buttons: [],
    ...part,
  };
  expect(() => renderMessage(message)).toThrow(expect.objectContaining({ fate: "permanent", detail: "does-not-fit" }));
});

test("4096 characters fit", () => {
  const blocks = [[[{ style: "code" as const, text: new Secret("code", groupDigits("482915")) }]]];
  const rest = [[{ style: "plain" as const, text: "x".repeat(4096 - 9) }]];
  expect(
    renderMessage({ locale: "en", direction: "ltr", preview: "", blocks: [...blocks, rest], buttons: [] }).text,
  ).toHaveLength(4096);
});
