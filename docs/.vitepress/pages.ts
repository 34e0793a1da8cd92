// Which Markdown file of the repository is which page of the site, and how links between files become links between pages.
import { existsSync } from "node:fs";
import { posix } from "node:path";

/** Top folder of the repository. */
export const TOP: string = new URL("../../", import.meta.url).pathname;

/** The page, from the site's top, that a file becomes: `docs/how-to/x.md` is `how-to/x.md`, a README its folder's page. */
export function pageOf(file: string): string {
  if (file === "README.md") return "index.md";
  if (file.startsWith("docs/")) return file.slice("docs/".length).replace(/README\.md$/, "index.md");
  return file.endsWith("/README.md") ? `in/${file.slice(0, -"/README.md".length)}.md` : file.toLowerCase();
}

/** Where a link of `file` leads: a page, an asset beside it or an address elsewhere (`href`), or a file that is no page. */
export type Target = { readonly href: string } | { readonly inRepository: string };

/** Throws when a file is linked to that is not there. */
export function targetOf(file: string, href: string): Target {
  if (/^([a-z]+:|#|\/)/.test(href)) return { href };
  const [path = "", anchor] = href.split("#", 2);
  const to = posix.join(posix.dirname(file), path);
  if (!existsSync(`${TOP}${to}`)) throw new Error(`${file} links to ${href}, but there is no ${to}. Fix the link`);
  const readme = posix.join(to, "README.md");
  const page = to.endsWith(".md") ? to : existsSync(`${TOP}${readme}`) ? readme : undefined;
  if (page === undefined) return { inRepository: posix.normalize(to) };
  return { href: `/${pageOf(page)}${anchor === undefined ? "" : `#${anchor}`}` };
}
