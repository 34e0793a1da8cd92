import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { readSeptets } from "./gsm7.ts";
import { segmentText } from "./segments.ts";

test.each<[string, string, "gsm7" | "ucs2", number]>([
  ["nothing", "", "gsm7", 1],
  ["160 septets", "a".repeat(160), "gsm7", 1],
  ["161 septets", "a".repeat(161), "gsm7", 2],
  ["306 septets", "a".repeat(306), "gsm7", 2],
  ["80 characters of two septets", "€".repeat(80), "gsm7", 1],
  ["81 characters of two septets", "€".repeat(81), "gsm7", 2],
  ["152 characters of two septets: one septet of each part stays empty", "€".repeat(152), "gsm7", 2],
  ["70 units", "Ж".repeat(70), "ucs2", 1],
  ["71 units", "Ж".repeat(71), "ucs2", 2],
  ["134 units", "Ж".repeat(134), "ucs2", 2],
  ["35 characters of two units", "😀".repeat(35), "ucs2", 1],
  ["66 characters of two units: one unit of each part stays empty", "😀".repeat(66), "ucs2", 2],
  ["one foreign character", `${"a".repeat(69)}ç`, "ucs2", 1],
])("%s", (_what, text, alphabet, parts) => {
  const segmented = segmentText(text);
  expect(segmented?.alphabet).toBe(alphabet);
  expect(segmented?.parts).toHaveLength(parts);
});

test.each([
  ["307 septets", "a".repeat(307)],
  ["153 characters of two septets", "€".repeat(153)],
  ["135 units", "Ж".repeat(135)],
  ["67 characters of two units", "😀".repeat(67)],
  ["135 characters of which one is foreign", `${"a".repeat(134)}ç`],
])("%s do not fit", (_what, text) => {
  expect(segmentText(text)).toBeUndefined();
});

test("where the provider's default alphabet is another, everything is UCS-2", () => {
  expect(segmentText("Code 482 915", false)?.alphabet).toBe("ucs2");
  expect(segmentText("a".repeat(135), false)).toBeUndefined();
});

const gsm = fc.string({ unit: fc.constantFrom(..."ab @$_€[]{}^~|\\\nÄöüßéΩ§1234567890"), maxLength: 330 });
const any = fc.string({ unit: "binary", maxLength: 150 });
const readUtf16 = (bytes: Uint8Array): string =>
  new TextDecoder("utf-16be", { fatal: true, ignoreBOM: true }).decode(bytes);

test("the parts joined are the text, unit by unit; no part is larger than what a part carries", () => {
  fc.assert(
    fc.property(fc.oneof(gsm, any), fc.boolean(), (text, gsm7) => {
      const segmented = segmentText(text, gsm7);
      if (segmented === undefined) return;
      const { alphabet, parts } = segmented;
      const read = alphabet === "gsm7" ? readSeptets : readUtf16;
      // Each part alone is whole characters: readers throw on half of one.
      expect(parts.map(read).join("")).toBe(text);
      const alone = alphabet === "gsm7" ? 160 : 140;
      const most = parts.length === 1 ? alone : alone === 160 ? 153 : 134;
      for (const part of parts) expect(part.length).toBeLessThanOrEqual(most);
    }),
    { numRuns: 500 },
  );
});
