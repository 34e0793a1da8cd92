import type { MarkdownRenderer } from "vitepress";

/** A heading of a table with nothing in it heads nothing: it becomes a cell, as screen readers expect. */
export function keepEmptyHeads(md: MarkdownRenderer): void {
  md.core.ruler.push("empty-heads", ({ tokens }) => {
    for (const [at, token] of tokens.entries()) {
      const close = tokens[at + 2];
      if (token.type !== "th_open" || tokens[at + 1]?.content !== "" || close === undefined) continue;
      token.tag = "td";
      close.tag = "td";
    }
  });
}
