/** One thing the user means or reads: a label and its value, as text. */
export interface Said {
  readonly label: string;
  readonly value: string;
}

/** What the user meant (tx1), as he would write it down: one `Label: value` a line. */
export function parseMeant(text: string): Said[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const colon = line.indexOf(": ");
      return { label: line.slice(0, colon), value: line.slice(colon + 2) };
    });
}

/** The page on which the key points out unusual letters of the line before it: nothing that anybody meant. */
const UNUSUAL = "Unusual";

/**
 * Whether two readings say the same, in the same order. Small screens wrap, so spaces do not count, and a value that
 * runs over several pages is read as one.
 */
export function saysTheSame(one: readonly Said[], other: readonly Said[]): boolean {
  return JSON.stringify(joined(one)) === JSON.stringify(joined(other));
}

function joined(said: readonly Said[]): [string, string][] {
  const whole: [string, string][] = [];
  for (const { label, value } of said) {
    if (label === UNUSUAL || label === "") continue;
    const last = whole.at(-1);
    const text = value.replaceAll(/\s/g, "");
    if (last !== undefined && last[0] === label) last[1] += text;
    else whole.push([label, text]);
  }
  return whole;
}
