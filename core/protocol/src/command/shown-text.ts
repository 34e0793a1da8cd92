import { ProtocolError } from "../protocol-error.ts";

// Any text as printable ASCII that a line can hold, and back (docs/protocol/command.md section 2):
//
//   \        \\           newline  \n      tab  \t      carriage return  \r
//   "        \" where the text would else begin with it; as it is elsewhere
//   space    \u{20} right after another space
//   others beyond U+0021..U+007E   \u{hexadecimal digits, lower case, as few as there are}
//   the whole between quotes when it is empty, or begins or ends with a space
//
// One text has one form: what is read is written again and has to be the same.

const SHORT: Readonly<Record<string, string>> = {
  "\\": String.raw`\\`,
  "\n": String.raw`\n`,
  "\t": String.raw`\t`,
  "\r": String.raw`\r`,
};
const LONG: ReadonlyMap<string, string> = new Map(Object.entries(SHORT).map(([plain, escape]) => [escape, plain]));
const PLAIN = /^[!-~]$/;
const ESCAPE = /\\(?:[\\ntr"]|u\{([0-9a-f]{1,6})\})|[^\\]/gsu;
const MOST_CODE_POINT = 0x10_ff_ff;

/** How a text is shown. Throws `unsafe-text` for what no system hands over as text: NUL, U+FFFD, a lone surrogate. */
export function showText(text: string, field: string): string {
  checkWhole(text, field);
  const quoted = text === "" || text.startsWith(" ") || text.endsWith(" ");
  const shown = escapeText(text);
  if (quoted) return `"${shown}"`;
  return shown.startsWith('"') ? `\\${shown}` : shown;
}

/** As showText, for the first of several words on one line: every space in it is escaped. */
export function showWord(text: string, field: string): string {
  checkWhole(text, field);
  const shown = escapeText(text).replaceAll(" ", String.raw`\u{20}`);
  return shown.startsWith('"') ? `\\${shown}` : shown;
}

/** The text behind showText. Throws `bad-field` for what showText does not write. */
export function readText(shown: string, field: string): string {
  const quoted = shown.length >= 2 && shown.startsWith('"') && shown.endsWith('"');
  const text = unescape(quoted ? shown.slice(1, -1) : shown, field);
  return checkSame(text, showText(text, field), shown, field);
}

/** The text behind showWord. Throws `bad-field` for what showWord does not write. */
export function readWord(shown: string, field: string): string {
  const text = unescape(shown, field);
  return checkSame(text, showWord(text, field), shown, field);
}

function escapeText(text: string): string {
  let shown = "";
  let before = "";
  for (const one of text) {
    if (one === " ") shown += before === " " ? String.raw`\u{20}` : " ";
    else shown += SHORT[one] ?? (PLAIN.test(one) ? one : `\\u{${one.codePointAt(0)!.toString(16)}}`);
    before = one;
  }
  return shown;
}

function unescape(shown: string, field: string): string {
  const parts = shown.match(ESCAPE) ?? [];
  if (parts.join("").length !== shown.length) refuse(field);
  return parts.map((part) => plainOf(part, field)).join("");
}

function plainOf(part: string, field: string): string {
  if (!part.startsWith("\\")) return part;
  if (part === String.raw`\"`) return '"';
  const short = LONG.get(part);
  if (short !== undefined) return short;
  const codePoint = Number.parseInt(part.slice(3, -1), 16);
  return codePoint <= MOST_CODE_POINT ? String.fromCodePoint(codePoint) : refuse(field);
}

function checkSame(text: string, again: string, shown: string, field: string): string {
  return again === shown ? text : refuse(field);
}

function refuse(field: string): never {
  throw new ProtocolError("bad-field", "is not written as docs/protocol/command.md says", { field });
}

/** Bytes that are no UTF-8 reach a program as U+FFFD: what was meant is not known any more. */
function checkWhole(text: string, field: string): void {
  if (!text.isWellFormed()) {
    throw new ProtocolError("unsafe-text", "a lone surrogate cannot be shown", { field, rule: "ill-formed" });
  }
  const lost = text.includes("\u{FFFD}");
  if (lost) {
    const why = "U+FFFD: bytes that are no UTF-8 cannot be shown; give the text in UTF-8";
    throw new ProtocolError("unsafe-text", why, { field, codePoint: 0xff_fd, rule: "replacement" });
  }
  if (text.includes("\0")) {
    throw new ProtocolError("unsafe-text", "U+0000 cannot stand in a command", {
      field,
      codePoint: 0,
      rule: "control",
    });
  }
}
