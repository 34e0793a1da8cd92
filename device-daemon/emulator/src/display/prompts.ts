import { WaitsFor } from "@countersign/key-protocol";
import type { Prompt } from "../prompt.ts";
import { remaining, row, screen, wrap } from "./layout.ts";

const ANSWER = "X reject         OK ✓";
const CONTINUE = "                   OK";

/** Waiting for a PC. */
export function idlePrompt(model: string, serial: string): Prompt {
  return still("idle", ["COUNTERSIGN", "", "ready", "", fit(`${model} ${serial}`)], "");
}

/** One page of the transaction. */
export function transactionPrompt(rows: readonly string[]): Prompt {
  return { page: "pages", waitsFor: WaitsFor.PAGING, draw: () => rows };
}

/** Ends the pages of a LINK, which malware may have begun for a chat of its own. */
export function linkWarningPrompt(issuer: string): Prompt {
  const warning = wrap("Your own phone must show these lines; a code you saw on the PC is false.");
  const [head] = headed("LINK", issuer);
  return still("link-warning", [head ?? "LINK", ...warning], "X reject ◀ back  OK ✓");
}

/** PIN entry: stars only, and how many tries are left. */
export function pinPrompt(typed: number, retries: number, note: string): Prompt {
  const tries = retries === 1 ? "1 try left" : `${retries} tries left`;
  return still("pin", ["PIN", note, stars(typed), tries], ANSWER, WaitsFor.PIN);
}

/** PIN entry is locked; a reject still goes. */
export function pinLockedPrompt(retries: number): Prompt {
  const why = retries === 0 ? ["no tries left", "only a reset helps"] : ["3 wrong in a row:", "unplug the key"];
  return still("pin", ["PIN LOCKED", ...why, "nothing was signed"], ANSWER, WaitsFor.PIN);
}

/** Waiting for a finger on the sensor. */
export function fingerPrompt(note: string): Prompt {
  return still("finger", ["FINGER", note, "touch the sensor"], "X reject", WaitsFor.TOUCH);
}

/** Code entry. `typed` is shown: the person copies it from his phone. */
export function codePrompt(
  view: { issuer: string; tag: string; deadline: number; hostEntry: boolean },
  typed: string,
): Prompt {
  const [head, own] = headed("CODE", view.issuer);
  const from = view.hostEntry ? "typed on the PC" : "from your phone";
  const above = own === "" ? [head ?? "", from] : [head ?? "", own ?? "", from];
  return {
    page: "code",
    waitsFor: WaitsFor.CODE,
    takesHostCode: view.hostEntry,
    draw: (now) => {
      const entry = row(slots(typed), remaining(view.deadline - now));
      return screen([...above, entry, ...(own === "" ? [""] : []), view.tag], "X reject ◀ back  OK ✓");
    },
  };
}

/** Why the person says no. */
export function reasonPrompt(issuer: string, chosen: number | undefined): Prompt {
  const reasons = ["wrong data", "not me", "changed my mind", "somebody told me to"];
  const rows = reasons.map((reason, at) => `${at + 1}${chosen === at + 1 ? "▶" : " "}${reason}`);
  const [head] = headed("REJECT", issuer);
  return still("reject", [head ?? "REJECT", ...rows], "◀ back           OK ✓", WaitsFor.PAGING);
}

/** The statement has left the key. Whether it was accepted is told on the phone. */
export function signedPrompt(issuer: string, tag: string, rejected: boolean): Prompt {
  const [head] = headed(rejected ? "REJECTED" : "SIGNED", issuer);
  return still("signed", [head ?? "SIGNED", "", "The outcome comes", "on your phone.", tag], CONTINUE);
}

/** The key computes. */
export function signingPrompt(): Prompt {
  return { ...still("signing", ["SIGNING"], "", WaitsFor.COMPUTING), passes: true };
}

/** A content that the key refuses to draw, and why. Nothing of the field itself is drawn. */
export function cannotShowPrompt(field: string, codePoint: string, rule: string): Prompt {
  const why = wrap(RULE_IN_WORDS[rule] ?? rule).slice(0, 3);
  const where = field.replace(/^lines\[(\d+)\]$/, (_all, at) => `line ${Number(at) + 1}`);
  return still("cannot-show", ["CANNOT SHOW", fit(`${where} ${codePoint}`.trim()), ...why], "nothing was signed OK");
}

// Rules of docs/protocol/safe-text.md that people meet; another one is shown by its name.
const RULE_IN_WORDS: Readonly<Record<string, string>> = {
  "mixed-scripts": "mixed letters in one word",
  "latin-lookalike": "letters that only look Latin",
  "not-ascii": "more than plain letters",
  "not-nfc": "letters in an odd form",
  space: "a space too many",
  mark: "a mark too many",
};

/** A request ended without a signature. */
export function endedPrompt(why: string): Prompt {
  return still("ended", ["NOTHING WAS SIGNED", "", fit(why)], CONTINUE);
}

/** A server asks for a key of its own. */
export function enrolPrompt(serverName: string): Prompt {
  return still("enrol", ["NEW KEY", "for the server", serverName], ANSWER, WaitsFor.PAGING);
}

/** The digits that reached the person off the PC. */
export function digitsPrompt(serverName: string, typed: string): Prompt {
  return still(
    "digits",
    ["DIGITS", "that you were given", inFours(typed.padEnd(6, "_")), serverName],
    ANSWER,
    WaitsFor.CODE,
  );
}

/** The new key's fingerprint, to be compared with what app or admin see. */
export function fingerprintPrompt(serverName: string, fingerprint: string): Prompt {
  return still("fingerprint", ["FINGERPRINT", "of the new key", fingerprint, serverName], ANSWER, WaitsFor.PAGING);
}

/** A new PIN, or the same once more. */
export function newPinPrompt(page: "new-pin" | "repeat-pin", typed: number, note: string): Prompt {
  const title = page === "new-pin" ? "NEW PIN" : "NEW PIN AGAIN";
  return still(page, [title, note, stars(typed), "6 to 12 digits"], ANSWER, WaitsFor.PIN);
}

/** Everything on the key is to be wiped. */
export function resetPrompt(more: number): Prompt {
  return still("reset", ["RESET", "wipes PIN and keys", `press OK ${more} more`], ANSWER, WaitsFor.PAGING);
}

/** One credential is to be wiped. */
export function deletePrompt(serverName: string): Prompt {
  return still("delete", ["DELETE KEY", "of the server", serverName], ANSWER, WaitsFor.PAGING);
}

function still(
  page: Prompt["page"],
  rows: readonly string[],
  bottom: string,
  waitsFor: WaitsFor = WaitsFor.PAGING,
): Prompt {
  const drawn = screen(rows, bottom);
  return { page, waitsFor, draw: () => drawn };
}

// Issuer at the right of the first row, or in a row of its own where it does not fit.
function headed(title: string, issuer: string): string[] {
  const fits = [...title].length + 1 + [...issuer].length <= 21;
  return fits ? [row(title, issuer), ""] : [row(title), row("", issuer)];
}

function stars(typed: number): string {
  return "*".repeat(typed).padEnd(6, "_");
}

// "4 8 2 _ _ _" up to 7 digits, closer together beyond, so that the time left keeps its place.
function slots(typed: string): string {
  const padded = typed.padEnd(6, "_");
  return padded.length <= 7 ? [...padded].join(" ") : padded;
}

// Only for texts of the firmware and of its own configuration, never for a value.
/** As digits are printed for people: in groups of four. */
function inFours(typed: string): string {
  return typed.replaceAll(/.{4}(?=.)/g, "$& ");
}

function fit(text: string): string {
  return [...text].slice(0, 21).join("");
}
