// Letters of other scripts that most fonts draw like a Latin letter. Derived from the confusable pairs of UTS 39
// (prototype a single Latin letter), Greek, Cyrillic and Armenian alone: docs/protocol/safe-text.md section 5.
// Each script's string stands beside the Latin letters that its members resemble.

const PAIRS: readonly (readonly [lookalikes: string, latin: string])[] = [
  // Cyrillic
  ["АВЕКМНОРСТУХЅІЈԌԚԜҮЗԀҺӀ", "ABEKMHOPCTYXSIJGQWY3dhl"],
  ["аеорсухѕіјԁһԛԝӏгԍѵүьзп", "aeopcyxsijdhqwlrgvyb3n"],
  // Greek
  ["ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹͿ", "ABEZHIKMNOPTYXCJ"],
  ["αγινορσυϲϳκτ", "ayivopoucjkt"],
  // Armenian
  ["ՍՕԼՏօոսցհզքյ", "UOLSonughqpj"],
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
