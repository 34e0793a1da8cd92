import type { Secret } from "../secret.ts";
import type { Style } from "../wording/words.ts";

/**
 * A stretch of text in one style. `value` is a piece of the transaction, byte for byte as signed: adapters never
 * localise, wrap, link or shorten it. `code` is the code, grouped for reading.
 */
export type Run =
  | { readonly style: "plain" | "strong" | "value"; readonly text: string }
  | { readonly style: "code"; readonly text: Secret };

/** One line on the phone. */
export type Row = readonly Run[];

/** What a press on a button means. */
export interface Button {
  /** In the user's language. */
  readonly label: string;
  /** Opaque to the provider; ASCII, at most 32 bytes. */
  readonly id: string;
}

/** How a channel speaks. */
export interface Manner {
  /** IANA name of the zone in which times are shown. */
  readonly zone: string;
  readonly style: Style;
  /** Whether the bot sees what people answer: where it does not, no message asks for an answer. */
  readonly hears: boolean;
}

/** A message as words and structure; each adapter renders it with the means of its provider. */
export interface Message {
  /** Language of the frame. */
  readonly locale: string;
  readonly direction: "ltr" | "rtl";
  /** One line that says nothing of the transaction: for lock screens, subjects of mails, clients that show no styles. */
  readonly preview: string;
  /** Blocks with an empty line between them, each of one or more rows. */
  readonly blocks: readonly (readonly Row[])[];
  /** Rows of buttons under the message. */
  readonly buttons: readonly (readonly Button[])[];
}

// In a right-to-left paragraph the two groups of `482 915` stand in the other order: a space between numbers takes the
// paragraph's direction. A no-break space joins them to one number.
const GAP = { ltr: " ", rtl: "\u00A0" } as const;

/**
 * Digits in the groups in which they are read and typed: 3 3, 4 4, 3 3 3, 3 3 4; separated by one space, in text of the
 * other direction by a no-break space.
 */
export function groupDigits(digits: string, direction: Message["direction"] = "ltr"): string {
  const size = digits.length === 8 ? 4 : 3;
  const groups: string[] = [];
  for (let at = 0; at < digits.length; at += size) groups.push(digits.slice(at, at + size));
  const last = groups.at(-1);
  if (groups.length > 1 && last !== undefined && last.length === 1) {
    groups.splice(-2, 2, `${groups.at(-2)}${last}`);
  }
  return groups.join(GAP[direction]);
}

/** The text of one run. Reveals a code: the result goes to the provider and nowhere else. */
export function revealRun(run: Run): string {
  return run.style === "code" ? run.text.reveal() : run.text;
}

/** The whole message without styles: body of mails and SMS, and what tests look at. Reveals the code. */
export function revealText(message: Message): string {
  return message.blocks.map((rows) => rows.map((row) => row.map(revealRun).join("")).join("\n")).join("\n\n");
}
