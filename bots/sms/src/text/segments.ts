import { septetsOf } from "./gsm7.ts";

/** How characters travel: GSM 7-bit, one septet a byte, or UTF-16BE. */
export type Alphabet = "gsm7" | "ucs2";

/** A text as the parts in which it travels, each as bytes of its alphabet, without headers. */
export interface SegmentedText {
  readonly alphabet: Alphabet;
  readonly parts: readonly Uint8Array[];
}

/** A longer message is paid for more than twice and often arrives in pieces: the channel does not take it. */
const MOST_PARTS = 2;

// One part holds 140 bytes: 160 septets or 70 UTF-16 units. Parts that are joined on the phone lose six bytes each.
const CAPACITY = {
  gsm7: { alone: 160, joined: 153 },
  ucs2: { alone: 140, joined: 134 },
} as const;

/**
 * Cuts a text into at most two parts, never inside a character. A single character outside GSM 7-bit makes the whole
 * text UCS-2: nothing is replaced by something similar. Undefined: it does not fit. `gsm7` false: UCS-2 always.
 */
export function segmentText(text: string, gsm7: boolean = true): SegmentedText | undefined {
  const septets = gsm7 ? inSeptets(text) : undefined;
  const alphabet = septets === undefined ? "ucs2" : "gsm7";
  const units = septets ?? Array.from(text, utf16);
  const { alone, joined } = CAPACITY[alphabet];
  if (lengthOf(units) <= alone) return { alphabet, parts: [concatenated(units)] };
  const parts: Uint8Array[][] = [[]];
  let room: number = joined;
  for (const unit of units) {
    if (unit.length > room) {
      if (parts.length === MOST_PARTS) return undefined;
      parts.push([]);
      room = joined;
    }
    parts.at(-1)?.push(unit);
    room -= unit.length;
  }
  return { alphabet, parts: parts.map(concatenated) };
}

function inSeptets(text: string): Uint8Array[] | undefined {
  const units: Uint8Array[] = [];
  for (const character of text) {
    const septets = septetsOf(character);
    if (septets === undefined) return undefined;
    units.push(septets);
  }
  return units;
}

function utf16(character: string): Uint8Array {
  const bytes = new Uint8Array(character.length * 2);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < character.length; at += 1) view.setUint16(at * 2, character.charCodeAt(at));
  return bytes;
}

function lengthOf(units: readonly Uint8Array[]): number {
  return units.reduce((sum, { length }) => sum + length, 0);
}

function concatenated(units: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(lengthOf(units));
  let at = 0;
  for (const unit of units) {
    bytes.set(unit, at);
    at += unit.length;
  }
  return bytes;
}
