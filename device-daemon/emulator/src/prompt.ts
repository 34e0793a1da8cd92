import type { WaitsFor } from "@countersign/key-protocol";
import type { DisplaySize } from "./display/display-size.ts";

/** The buttons of the keypad. */
export type KeypadKey =
  "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "ok" | "reject" | "next" | "back" | "erase";

/** All of them, digits first. */
export const KEYPAD_KEYS: readonly KeypadKey[] = [
  ...(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] as const),
  ...(["ok", "reject", "next", "back", "erase"] as const),
];

/** What can happen on the key while it waits. Only `host-code` comes from the PC. */
export type Input =
  | { readonly type: "key"; readonly key: KeypadKey }
  /** OK, held down for a second. */
  | { readonly type: "hold" }
  /** `match`: what the sensor says; a name stands for one certain finger, known to the key or not. */
  | { readonly type: "finger"; readonly match: boolean; readonly name?: string }
  | { readonly type: "host-code"; readonly code: string };

/** Names of what the key shows or, without a display, waits for. */
export type Page =
  | "idle"
  | "pages"
  | "link-warning"
  | "pin"
  | "finger"
  | "code"
  | "reject"
  | "signed"
  | "signing"
  | "cannot-show"
  | "enrol"
  | "digits"
  | "fingerprint"
  | "new-pin"
  | "repeat-pin"
  | "reset"
  | "delete"
  | "menu"
  | "add-finger"
  | "remove-finger"
  | "done"
  | "fido"
  | "ended"
  | "unplugged";

/** One thing the key shows and waits at. */
export interface Prompt {
  readonly page: Page;
  /** What keepalives say meanwhile. */
  readonly waitsFor: WaitsFor;
  /** Its screens at `now` (milliseconds of the key's clock): one, or several that NEXT and BACK turn. */
  draw(size: DisplaySize, now: number): readonly (readonly string[])[];
  /** How several screens are read: all before OK counts (when nothing is said), or any while digits are typed. */
  readonly turns?: "all" | "entry";
  /** The screen that it opens with, counted from 0. */
  opensAt?(size: DisplaySize): number;
  /** Command 0B is taken now. */
  readonly takesHostCode?: boolean;
  /** Goes on by itself at the next tick: the key computes. */
  readonly passes?: boolean;
}

/** What a flow ends with: the answer to the host, and what stays on the display until the next key or request. */
export interface Ending {
  readonly reply: Uint8Array;
  readonly after?: Prompt;
}

/** A conversation with the person: yields prompts, receives inputs. Time-outs and cancels end it from outside. */
export type Flow<T> = Generator<Prompt, T, Input>;
