// A rule of the Markdown renderer: links are written from file to file, so that they hold in the repository as well.
import type { MarkdownEnv, MarkdownRenderer } from "vitepress";
import { targetOf, TOP } from "./pages.ts";

type Token = ReturnType<MarkdownRenderer["parse"]>[number];

/** Links to files that are no pages are shown as the file's name: a reader of the site has no checkout to open it in. */
export function linkFromFileToFile(md: MarkdownRenderer): void {
  md.core.ruler.push("file-to-file", (state) => {
    const { realPath, path } = state.env as MarkdownEnv;
    const file = (realPath ?? path).slice(TOP.length);
    for (const { children } of state.tokens) if (children !== null) relink(children, file);
  });
}

function relink(tokens: readonly Token[], file: string): void {
  let isFile = false;
  for (const token of tokens) {
    if (token.type === "link_open") {
      const target = targetOf(file, decodeURI(token.attrGet("href") ?? ""));
      isFile = "inRepository" in target;
      if ("href" in target) token.attrSet("href", target.href);
      else retag(token, [["title", `${target.inRepository} in the repository`]]);
    } else if (token.type === "link_close" && isFile) {
      retag(token, null);
      isFile = false;
    }
  }
}

function retag(token: Token, attrs: [string, string][] | null): void {
  token.type = token.type.replace("link", "span");
  token.tag = "span";
  token.attrs = attrs;
}
