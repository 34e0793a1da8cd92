import { existsSync } from "node:fs";
import { isAbsolute, relative } from "node:path";
import type { Dev } from "./dev.ts";

/** What people read once everything runs: addresses, and a line that works when it is pasted. */
export function devText(
  dev: Dev,
  given: { readonly readyMs: number; readonly at: string; readonly top: string },
): string {
  const { endpoints, isKept, pin } = dev;
  const from = (path: string): string => shortest(path, given.at);
  const countersign = `COUNTERSIGN_CONFIG=${quoted(endpoints.config)} ${quoted(from(`${given.top}scripts/countersign`))}`;
  return `
  Countersign dev   NOT FOR PRODUCTION · data ${isKept ? `kept in ${endpoints.data}` : "goes at the end (--data DIR keeps it)"}
  ✔ core gRPC ${endpoints.core}  ✔ bank  ✔ phone linked  ✔ key enrolled  ✔ daemon   ready in ${(given.readyMs / 1000).toFixed(1)} s

  Console  ${endpoints.console}
  Phone    ${endpoints.phone}
  Key      ${endpoints.key}      PIN ${pin}
  Admin    ${endpoints.admin}
  Pay in a page  ${endpoints.web}      log in as ${endpoints.user}, password in ${quoted(endpoints.webPasswordFile)}
${firstAdmin(endpoints.admin, endpoints.firstAdminFile)}
  Open phone and key, then in another shell:
  Try   ${countersign} pay ${quoted(from(`${given.top}examples/bank/samples/invoice.xml`))}
        Ctrl-C here ends everything.

`;
}

/** How to become the first administrator, as long as nobody is. */
function firstAdmin(admin: string, file: string): string {
  if (!existsSync(file)) return "";
  return `           Nobody is an administrator yet: ${admin}#/claim takes the token in ${quoted(file)}
`;
}

/** A path from where the person is, when that is shorter to read. */
function shortest(path: string, at: string): string {
  const short = relative(at, path);
  return short.startsWith("..") || isAbsolute(short) ? path : short;
}

/** As a shell takes it. */
const quoted = (text: string): string =>
  /^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
