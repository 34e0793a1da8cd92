// Asks once on its terminal, for a test in a pseudo-terminal: says how long the answer was and its hash, never the answer.
import { createHash } from "node:crypto";
import { openPrompt } from "../prompt/open-prompt.ts";

try {
  const ask = { title: "Title", lines: ["First."], label: "PIN" };
  const typed = await openPrompt(undefined).pin(ask, new AbortController().signal);
  const hash = createHash("sha256")
    .update(typed?.reveal() ?? "")
    .digest("hex");
  console.log(`answer ${typed === undefined ? "none" : hash}`);
} catch (cause) {
  console.log(`failed: ${String(cause)}`);
}
