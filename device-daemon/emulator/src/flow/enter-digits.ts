import type { Flow, Prompt } from "../prompt.ts";
import type { Touch } from "../storage/finger-guard.ts";

/** Digits that a person typed. `host` is set where command 0B brought them. */
export interface Digits {
  readonly digits: string;
  readonly host: boolean;
}

/** What a person typed, a finger where one is taken, or the button by which he left. */
export type Entry = Digits | { readonly touch: Touch } | "reject" | "back";

/** Takes digits on the keypad until OK. OK does nothing before `min` digits; BACK deletes, and leaves an empty entry. */
export function enterDigits(
  limits: { readonly min: number; readonly max: number },
  prompt: (typed: string) => Prompt,
): Flow<Digits | "reject" | "back">;
/** The same, and a finger on the sensor where `finger` says so. */
export function enterDigits(
  limits: { readonly min: number; readonly max: number },
  prompt: (typed: string) => Prompt,
  finger: boolean,
): Flow<Entry>;
export function* enterDigits(
  limits: { readonly min: number; readonly max: number },
  prompt: (typed: string) => Prompt,
  finger = false,
): Flow<Entry> {
  let digits = "";
  for (;;) {
    const input = yield prompt(digits);
    if (input.type === "host-code") return { digits: input.code, host: true };
    if (input.type === "finger" && finger) return { touch: input };
    if (input.type !== "key") continue;
    if (input.key === "reject") return "reject";
    if (input.key === "ok") {
      if (digits.length >= limits.min) return { digits, host: false };
    } else if (input.key === "back" || input.key === "erase") {
      if (digits === "" && input.key === "back") return "back";
      digits = digits.slice(0, -1);
    } else if (input.key !== "next" && digits.length < limits.max) {
      digits += input.key;
    }
  }
}
