// VitePress compiles pages as Vue templates; ours hold no templates, and two braces are two braces.
import type { MarkdownRenderer } from "vitepress";

/** Writes braces of text and of code so that Vue finds none. */
export function keepBraces(md: MarkdownRenderer): void {
  const { rules } = md.renderer;
  for (const name of ["text", "code_inline"] as const) {
    const render = rules[name];
    rules[name] = (tokens, at, options, env, self) =>
      (render === undefined
        ? self.renderToken(tokens, at, options)
        : render(tokens, at, options, env, self)
      ).replaceAll("{{", "&#123;&#123;");
  }
}
