import type { Flow, Prompt } from "../prompt.ts";

/** Shows one page until OK (true) or REJECT (false). */
export function* confirm(prompt: Prompt): Flow<boolean> {
  for (;;) {
    const input = yield prompt;
    if (input.type !== "key") continue;
    if (input.key === "ok") return true;
    if (input.key === "reject") return false;
  }
}
