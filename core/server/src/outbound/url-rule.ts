// Which URLs an administrator may give: what can be told from their text, before any name is looked up.
import { isIP } from "node:net";
import { bareHost, isPublic, type Allowed } from "./address-guard.ts";

const LONGEST = 2048;

/** The URL as it is posted to, or why it is none: a rule, to be put behind the name of a field. */
export function readPostUrl(text: string, allowed: Allowed): URL | string {
  if (text.length > LONGEST) return `at most ${LONGEST} characters`;
  // As it is stored and shown: nothing that a reader of it takes for something else.
  if (!/^[!-~]+$/.test(text) || text.includes("\\"))
    return "printable ASCII without spaces and backslashes; a host of other letters in its xn-- form";
  if (!/^https?:\/\/[^/]/i.test(text)) return "must be https://HOST[:PORT][/PATH]";
  const url = URL.parse(text);
  if (url === null) return "is no URL";
  if (url.username + url.password !== "" || /^[^/]*\/\/[^/?#]*@/.test(text)) return "without a user or password";
  if (url.hash !== "" || text.includes("#")) return "without a fragment";
  const name = bareHost(url.hostname);
  const isAllowed = allowed.names.includes(name);
  if (url.protocol === "http:" && !isAllowed) return `https:// only; http:// to hosts that ${allowed.flag} names`;
  if (isIP(name) !== 0 && !isPublic(name) && !isAllowed)
    return `${name} is not a public address; the core's administrator names it in ${allowed.flag} if it is meant`;
  const port = url.port === "" ? 443 : Number(url.port);
  if (port !== 443 && port < 1024 && !isAllowed)
    return `port 443, or 1024 and above; others at hosts that ${allowed.flag} names`;
  return url;
}
