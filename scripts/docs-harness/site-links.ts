// Links of a built site, checked as a browser would follow them: the file, and the anchor in it.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const HERE = "http://site.invalid";

/** Every link to the site itself that leads nowhere, and how many were looked at. */
export function brokenLinks(folder: string): { readonly checked: number; readonly broken: readonly string[] } {
  const pages = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".html"));
  const anchors = new Map(pages.map((name) => [`/${name}`, anchorsOf(readFileSync(join(folder, name), "utf8"))]));
  let checked = 0;
  const broken = pages.flatMap((name) =>
    linksOf(readFileSync(join(folder, name), "utf8")).flatMap((href) => {
      const url = new URL(href, `${HERE}/${name}`);
      if (url.origin !== HERE) return [];
      checked += 1;
      const path = fileOf(decodeURIComponent(url.pathname));
      const isThere = anchors.has(path) || existsSync(join(folder, path));
      if (!isThere) return [`${name}: ${href}: there is no ${path}`];
      const anchor = decodeURIComponent(url.hash.slice(1));
      const hasAnchor = anchor === "" || anchors.get(path)?.has(anchor) === true;
      return hasAnchor ? [] : [`${name}: ${href}: ${path} has no heading #${anchor}`];
    }),
  );
  return { checked, broken: [...new Set(broken)] };
}

function fileOf(path: string): string {
  if (path.endsWith("/")) return `${path}index.html`;
  return /\.\w+$/.test(path) ? path : `${path}.html`;
}

const linksOf = (html: string): string[] =>
  [...html.matchAll(/<a\b[^>]*\bhref="([^"]*)"/g)].map(([, href = ""]) => href.replaceAll("&amp;", "&"));

const anchorsOf = (html: string): Set<string> =>
  new Set([...html.matchAll(/\bid="([^"]+)"/g)].map(([, id = ""]) => id));
