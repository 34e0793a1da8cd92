import type { Flow, Prompt } from "../prompt.ts";

/** What a person typed, or the button by which he left. `host` is set where command 0B brought the digits. */
export type Entry = { readonly digits: string; readonly host: boolean } | "reject" | "back";

/** Takes digits on the keypad until OK. OK does nothing before `min` digits; BACK deletes, and leaves an empty entry. */
export function* enterDigits(
  limits: { readonly min: number; readonly max: number },
  prompt: (typed: string) => Prompt,
): Flow<Entry> {
  let digits = "";
  for (;;) {
    const input = yield prompt(digits);
    if (input.type === "host-code") return { digits: input.code, host: true };
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
