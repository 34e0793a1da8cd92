import { SYMBOLS } from "../render.ts";

/** What a person reads: the HTML of a message without its marks, and the labels after the symbols. */
export function readHtml(html: string): { readonly text: string; readonly buttons: readonly string[] } {
  const text = html
    .replaceAll("<br>", "\n")
    .replaceAll("</p><p", "</p>\n\n<p")
    .replaceAll(/<[^>]*>/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
  const last = text.split("\n").at(-1) ?? "";
  const parts = last.split(" · ");
  const buttons = parts.flatMap((part, at) => {
    const symbol = SYMBOLS[at];
    return symbol !== undefined && part.startsWith(`${symbol} `) ? [part.slice(symbol.length + 1)] : [];
  });
  return { text, buttons };
}
