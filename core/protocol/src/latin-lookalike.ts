// Letters of Cyrillic, Greek and Armenian that most fonts draw like one basic Latin letter or digit: all that UTS 39
// (confusables 14.0) maps to one, and eleven more by their shapes; docs/protocol/safe-text.md section 5.
// Each string of look-alikes stands beside the characters that its members resemble.

const PAIRS: readonly (readonly [lookalikes: string, latin: string])[] = [
  // Cyrillic
  ["АВЕКМНОРСТУХЅІЈԌԚԜҮЗԀҺӀЬѴӠꙄ", "ABEKMHOPCTYXSIJGQWY3dhlbV32"],
  ["аеорсухѕіјԁһԛԝӏгԍѵүьзпбҽѡꙇ", "aeopcyxsijdhqwlrgvyb3n6ewi"],
  // Greek
  ["ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹͿϜϺ", "ABEZHIKMNOPTYXCJFM"],
  ["αγινορσυϲϳκτᴦ", "ayivopoucjktr"],
  // Armenian
  ["ՍՕԼՏօոսցհզքյռգա", "UOLSonughqfjnqw"],
];

const LOOKALIKES: ReadonlyMap<number, string> = new Map(
  PAIRS.flatMap(([lookalikes, latin]) =>
    Array.from(lookalikes, (one, i) => [one.codePointAt(0)!, latin.charAt(i)] as const),
  ),
);

/** Whether the code point is a letter of another script that looks like a Latin one. */
export function isLatinLookalike(codePoint: number): boolean {
  return LOOKALIKES.has(codePoint);
}

/** The Latin letter that the code point resembles, or undefined. */
export function latinOf(codePoint: number): string | undefined {
  return LOOKALIKES.get(codePoint);
}
