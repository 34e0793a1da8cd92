import type { Ask } from "./prompt.ts";
import { quotedName } from "./prompt-line.ts";

/** A refused PIN, as far as the next prompt tells of it. */
export interface WrongPin {
  readonly retries: number | undefined;
}

/** What is known of a transaction that is to be signed by a key without display. Only `tag` is the daemon's own. */
export interface AskedTransaction {
  /** As the asking program calls itself. */
  readonly requester: string;
  /** As the asking program's content says; undefined where it cannot be read. */
  readonly issuer: string | undefined;
  readonly tag: string;
}

/** First lines of every prompt for a transaction. */
export function aboutTransaction(asked: AskedTransaction): readonly string[] {
  const of = asked.issuer === undefined ? "" : ` of ${quotedName(asked.issuer)}`;
  return [
    `A program that calls itself ${quotedName(asked.requester)} asks you to confirm a transaction${of}.`,
    `Tag: ${asked.tag}`,
  ];
}

/** Lines of the prompts of an enrolment. */
export function aboutEnrolment(serverName: string): readonly string[] {
  return [`A security key is about to be enrolled with ${quotedName(serverName)}.`];
}

/** The code that the phone shows. */
export function codeAsk(about: readonly string[]): Ask {
  return {
    title: "Countersign: code",
    lines: [
      ...about,
      "Compare on your phone first: it must show what you want, with this tag. Your security key shows nothing.",
      "This PC sees the code you type. If anything on the phone is wrong, reject there and cancel here.",
    ],
    label: "Code",
  };
}

/** Digits that are no code. */
export function codeAgain(ask: Ask): Ask {
  return { ...ask, problem: "A code has 6 to 10 digits." };
}

/** The key's PIN. */
export function pinAsk(about: readonly string[], wrong?: WrongPin): Ask {
  return {
    title: "Countersign: PIN of the security key",
    lines: [...about, "PIN of the security key. This PC sees it; the key blinks for a touch afterwards."],
    label: "PIN",
    ...problemOf(wrong),
  };
}

/** The PIN that is to be replaced. */
export function oldPinAsk(wrong?: WrongPin): Ask {
  return {
    title: "Countersign: change the PIN",
    lines: ["The PIN that the security key has now."],
    label: "PIN",
    ...problemOf(wrong),
  };
}

/** The PIN to be. */
export function newPinAsk(minLength: number, problem?: string): Ask {
  return {
    title: "Countersign: new PIN",
    lines: [`A new PIN for the security key, ${minLength} characters at least.`],
    label: "New PIN",
    ...(problem === undefined ? {} : { problem }),
  };
}

/** The PIN to be, once more. */
export function repeatPinAsk(): Ask {
  return { title: "Countersign: new PIN", lines: ["The new PIN once more."], label: "New PIN" };
}

function problemOf(wrong: WrongPin | undefined): { readonly problem?: string } {
  if (wrong === undefined) return {};
  const { retries } = wrong;
  if (retries === undefined) return { problem: "Wrong PIN." };
  return { problem: retries === 1 ? "Wrong PIN. This is the last try." : `Wrong PIN, ${retries} tries left.` };
}
