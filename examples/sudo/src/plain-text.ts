// Whoever knocks, and whatever stands between this host and the core, chooses parts of what is logged and shown. None of
// it may pass for a line, a sentence or a colour of this program's own.

/** Longest line that `logger` sends whole (1 KiB), less what it puts before it. */
const LINE = 900;
const WORD = 64;

/** Text of others as one line: everything but printable ASCII becomes its code point. */
export function oneLine(text: string): string {
  return shortened(text.replaceAll(/[^ -~]/gu, codePoint), LINE);
}

/** A name that others chose as one word of a line, so that it says nothing beside itself. */
export function oneWord(text: string): string {
  return shortened(text.replaceAll(/[^!-~]/gu, codePoint), WORD);
}

function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 3)}...` : text;
}

function codePoint(character: string): string {
  return `<U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}>`;
}
