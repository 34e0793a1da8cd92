// Letters of Western languages in Latin-1: with a mark above or below that keeps its place in every font, and ß, æ. Left
// out are those that read as another letter or digit: Ð ð for D d, Þ þ for P p, Ø ø for 0 O o.
const USUAL = /^[ -~ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöùúûüýÿ]$/;

/** More different ones than this are counted, not listed: a text of that kind is not read letter by letter. */
const MOST_LISTED = 8;

/**
 * The characters of a text that a reader may take for others, each once, in their order: everything outside ASCII but the
 * letters of Western languages in Latin-1. So `ł` in `Pawel`, a dotless `ı`, `đ`, `ŋ`, superscript digits, `·` for `.`
 * and all marks beyond Latin-1, whose macrons, breves and double acutes pass for other accents on a small display.
 */
export function unusualIn(text: string): string[] {
  return [...new Set(text)].filter((one) => !USUAL.test(one));
}

/** How a display points them out: `ł U+0142`, or how many there are. Nothing for a text without any. */
export function describeUnusual(text: string): string[] {
  const found = unusualIn(text);
  if (found.length > MOST_LISTED) return [`${found.length} letters`];
  return found.map((one) => `${one} ${codePointName(one.codePointAt(0) ?? 0)}`);
}

/** U+0142. */
export function codePointName(codePoint: number): string {
  return `U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}`;
}
