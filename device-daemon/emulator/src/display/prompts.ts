import { WaitsFor } from "@countersign/key-protocol";
import type { Prompt } from "../prompt.ts";
import type { DisplaySize } from "./display-size.ts";
import { fits, remaining, wrap } from "./layout.ts";
import { drawPanel, type Panel } from "./panel.ts";
import { codePointName, describeUnusual } from "./unusual.ts";

const ANSWER = "X reject  OK ✓";
const ANSWER_OR_BACK = "X reject ◀ back  OK ✓";
const CONTINUE = "  OK";
const MARK = "> ";

/** Waiting for a PC. */
export function idlePrompt(model: string, serial: string): Prompt {
  const place = (size: DisplaySize): string[] => {
    const both = `${model} ${serial}`;
    return fits(size.columns, both) ? [both] : [model, serial].filter((each) => fits(size.columns, each));
  };
  return {
    page: "idle",
    waitsFor: WaitsFor.PAGING,
    draw: (size) => [
      drawPanel({ title: "COUNTERSIGN", rows: ["", "ready", "", ...place(size)], bottom: "" }, size)[0] ?? [],
    ],
  };
}

/** One page of the transaction. */
export function transactionPrompt(rows: readonly string[]): Prompt {
  return { page: "pages", waitsFor: WaitsFor.PAGING, draw: () => [rows] };
}

/** Ends the pages of a LINK, which malware may have begun for a chat of its own. */
export function linkWarningPrompt(issuer: string): Prompt {
  const rows = ["Your own phone must show these lines; a code you saw on the PC is false."];
  return still("link-warning", { title: "LINK", issuer, rows, bottom: ANSWER_OR_BACK });
}

/** PIN entry: stars only, and how many tries are left. `finger`: the sensor is taken as well. */
export function pinPrompt(typed: number, retries: number, note: string, finger = false): Prompt {
  const tries = retries === 1 ? "1 try left" : `${retries} tries left`;
  const rows = [note, stars(typed), tries];
  const entry = { note, right: `${retries} left`, typed: stars(typed) };
  return entering("pin", { title: finger ? "PIN OR FINGER" : "PIN", rows, bottom: ANSWER, entry }, WaitsFor.PIN);
}

/** PIN entry is locked; a reject still goes. */
export function pinLockedPrompt(retries: number): Prompt {
  const why = retries === 0 ? ["no tries left", "only a reset helps"] : ["3 wrong in a row:", "unplug the key"];
  return still("pin", { title: "PIN LOCKED", rows: [...why, "nothing was signed"], bottom: ANSWER }, WaitsFor.PIN);
}

/** Waiting for a finger on the sensor. */
export function fingerPrompt(note: string): Prompt {
  return still("finger", { title: "FINGER", rows: [note, "touch the sensor"], bottom: "X reject" }, WaitsFor.TOUCH);
}

/** Code entry. `typed` is shown: the person copies it from his phone. */
export function codePrompt(
  view: { issuer: string; tag: string; deadline: number; hostEntry: boolean },
  typed: string,
): Prompt {
  const { issuer, tag } = view;
  const from = view.hostEntry ? "typed on the PC" : "from your phone";
  const panel = (size: DisplaySize, now: number): Panel => {
    const entry = { note: "", right: remaining(view.deadline - now), typed: slots(typed) };
    const gap = " ".repeat(Math.max(1, size.columns - [...entry.typed].length - entry.right.length));
    // In a row of its own the issuer takes the free one's place.
    const free = fits(size.columns, "CODE", issuer) ? [""] : [];
    const rows = [from, `${entry.typed}${gap}${entry.right}`, ...free, tag];
    return { title: "CODE", issuer, rows, bottom: ANSWER_OR_BACK, entry };
  };
  return {
    page: "code",
    waitsFor: WaitsFor.CODE,
    takesHostCode: view.hostEntry,
    turns: "entry",
    draw: (size, now) => drawPanel(panel(size, now), size),
  };
}

/** Why the person says no. */
export function reasonPrompt(issuer: string, chosen: number | undefined): Prompt {
  const reasons = ["wrong data", "not me", "changed my mind", "somebody told me to"];
  const rows = reasons.map((reason, at) => `${at + 1}${chosen === at + 1 ? "▶" : " "}${reason}`);
  const panel: Panel = { title: "REJECT", issuer, rows, bottom: "◀ back  OK ✓" };
  const mark = `${chosen}▶`;
  return {
    ...still("reject", panel, WaitsFor.PAGING),
    turns: "entry",
    opensAt: (size) =>
      Math.max(
        0,
        drawPanel(panel, size).findIndex((screen) => screen.some((each) => each.startsWith(mark))),
      ),
  };
}

/** The statement has left the key. Whether it was accepted is told on the phone. */
export function signedPrompt(issuer: string, tag: string, rejected: boolean): Prompt {
  const rows = ["", "The outcome comes", "on your phone.", tag];
  return still("signed", { title: rejected ? "REJECTED" : "SIGNED", issuer, rows, bottom: CONTINUE });
}

/** The key computes. */
export function signingPrompt(): Prompt {
  return { ...still("signing", { title: "SIGNING", rows: [], bottom: "" }, WaitsFor.COMPUTING), passes: true };
}

/** A content that the key refuses to draw, and why: `where` by the key's own names. Nothing of the field itself is drawn. */
export function cannotShowPrompt(where: string, codePoint: number | undefined, rule: string): Prompt {
  const what = codePoint === undefined ? where : `${where} ${codePointName(codePoint)}`;
  const why = RULE_IN_WORDS[rule] ?? rule;
  return {
    page: "cannot-show",
    waitsFor: WaitsFor.PAGING,
    draw: (size) => {
      const title = "CANNOT SHOW";
      const inOne = drawPanel({ title, rows: [what, why], bottom: "nothing was signed  OK" }, size);
      const isWhole = inOne.length === 1 && inOne[0]?.at(-1)?.startsWith("nothing was signed") === true;
      return isWhole ? inOne : drawPanel({ title, rows: [what, why, "nothing was signed"], bottom: CONTINUE }, size);
    },
  };
}

// Rules of docs/protocol/safe-text.md and content.md that people meet; another one is shown by its name.
const RULE_IN_WORDS: Readonly<Record<string, string>> = {
  "mixed-scripts": "mixed letters in one word",
  "latin-lookalike": "letters that only look Latin",
  "not-ascii": "more than plain letters",
  "not-nfc": "letters in an odd form",
  "no-glyph": "a letter that this key cannot draw",
  "bidi-control": "hidden: turns the text",
  invisible: "hidden: looks like nothing",
  control: "a control character",
  space: "a space too many",
  mark: "a mark too many",
};

/** A request ended without a signature. */
export function endedPrompt(why: string): Prompt {
  return still("ended", { title: "NOTHING WAS SIGNED", rows: ["", why], bottom: CONTINUE });
}

/** A server asks for a key of its own. */
export function enrolPrompt(serverName: string): Prompt {
  return about("enrol", "NEW KEY", (columns) => ["for the server", ...named(serverName, columns)]);
}

/** The digits that reached the person off the PC. */
export function digitsPrompt(serverName: string, typed: string): Prompt {
  const shown = typed.padEnd(6, "_");
  const panel = (size: DisplaySize): Panel => {
    const digits = fits(size.columns, inFours(shown)) ? inFours(shown) : shown;
    const rows = ["that you were given", digits, ...marked(serverName, size.columns)];
    return { title: "DIGITS", rows, bottom: ANSWER, entry: { note: "", right: "", typed: digits } };
  };
  return { page: "digits", waitsFor: WaitsFor.CODE, turns: "entry", draw: (size) => drawPanel(panel(size), size) };
}

/** The new key's fingerprint, to be compared with what app or admin see. */
export function fingerprintPrompt(serverName: string, fingerprint: string): Prompt {
  return about("fingerprint", "FINGERPRINT", (columns) => [
    ...["of the new key", fingerprint],
    ...marked(serverName, columns),
  ]);
}

/** A new PIN, or the same once more. */
export function newPinPrompt(page: "new-pin" | "repeat-pin", typed: number, note: string): Prompt {
  const title = page === "new-pin" ? "NEW PIN" : "NEW PIN AGAIN";
  const entry = { note, right: "", typed: stars(typed) };
  return entering(page, { title, rows: [note, stars(typed), "6 to 12 digits"], bottom: ANSWER, entry }, WaitsFor.PIN);
}

/** Everything on the key is to be wiped. */
export function resetPrompt(more: number): Prompt {
  const rows = ["wipes PIN, fingers and keys", `hold OK, or press it ${more} more`];
  return still("reset", { title: "RESET", rows, bottom: ANSWER });
}

/** One credential is to be wiped. */
export function deletePrompt(serverName: string): Prompt {
  return about("delete", "DELETE KEY", (columns) => ["of the server", ...named(serverName, columns)]);
}

/** The key's own menu. */
export function menuPrompt(items: readonly string[]): Prompt {
  return choice(
    "menu",
    "MENU",
    items.map((item, at) => `${at + 1} ${item}`),
  );
}

/** A finger is to be known from now on. */
export function addFingerPrompt(more: number): Prompt {
  const rows = ["touch the sensor", more === 1 ? "once more" : `${more} times`];
  return still("add-finger", { title: "NEW FINGER", rows, bottom: "X reject" }, WaitsFor.TOUCH);
}

/** A finger is to be forgotten. */
export function removeFingerPrompt(known: readonly number[]): Prompt {
  return choice(
    "remove-finger",
    "REMOVE FINGER",
    known.map((slot) => `${slot} finger ${slot}`),
  );
}

/** Something was done on the key itself. */
export function donePrompt(what: string): Prompt {
  return still("done", { title: "DONE", rows: ["", what], bottom: CONTINUE });
}

// Rows that begin with the digit that chooses them.
function choice(page: Prompt["page"], title: string, rows: readonly string[]): Prompt {
  return { ...still(page, { title, rows, bottom: "X reject" }), turns: "entry" };
}

/** A page that waits for OK, or for something that is no digit. */
export function still(page: Prompt["page"], panel: Panel, waitsFor: WaitsFor = WaitsFor.PAGING): Prompt {
  return { page, waitsFor, draw: (size) => drawPanel(panel, size) };
}

function entering(page: Prompt["page"], panel: Panel, waitsFor: WaitsFor): Prompt {
  return { ...still(page, panel, waitsFor), turns: "entry" };
}

// A yes-or-no page whose rows depend on the display.
function about(page: Prompt["page"], title: string, rows: (columns: number) => string[]): Prompt {
  const draw: Prompt["draw"] = (size) => drawPanel({ title, rows: rows(size.columns), bottom: ANSWER }, size);
  return { page, waitsFor: WaitsFor.PAGING, draw };
}

// The name that the host gives a server is signed by nobody: behind a mark in each of its rows it passes for no
// fingerprint and no digits, on a display of two rows either.
function marked(serverName: string, columns: number): string[] {
  return wrap(serverName, columns - MARK.length).map((each) => MARK + each.trimEnd());
}

// The same, with what is unusual in it.
function named(serverName: string, columns: number): string[] {
  const unusual = describeUnusual(serverName);
  const rows = marked(serverName, columns);
  return unusual.length === 0 ? rows : [...rows, `Unusual: ${unusual.join(", ")}`];
}

function stars(typed: number): string {
  return "*".repeat(typed).padEnd(6, "_");
}

// "4 8 2 _ _ _" up to 7 digits, closer together beyond, so that the time left keeps its place.
function slots(typed: string): string {
  const padded = typed.padEnd(6, "_");
  return padded.length <= 7 ? [...padded].join(" ") : padded;
}

// As digits are printed for people: in groups of four.
function inFours(typed: string): string {
  return typed.replaceAll(/.{4}(?=.)/g, "$& ");
}
