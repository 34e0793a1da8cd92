import { fromBase64url } from "./base64url.ts";
import { ProtocolError } from "./protocol-error.ts";

// clientDataJSON (WebAuthn section 5.8.1): JSON by the browser, or by a program on the PC. It is read by its members, never
// compared as bytes: browsers may add some. docs/protocol/fido2.md section 3

/** What the PC says that it asked the key for. Signed by its hash; the origin is the PC's word alone. */
export interface ClientData {
  readonly type: string;
  readonly challenge: Uint8Array;
  readonly origin: string;
  /** Asked from inside a frame of another origin. */
  readonly crossOrigin: boolean;
}

/** Reads client data from anybody; throws `bad-field`. */
export function parseClientData(bytes: Uint8Array): ClientData {
  const members = parse(bytes);
  const text = (name: string): string => {
    const value = members.get(name);
    return typeof value === "string" ? value : refuse(name, "expected a string");
  };
  const crossOrigin = members.has("crossOrigin") ? members.get("crossOrigin") : false;
  if (typeof crossOrigin !== "boolean") refuse("crossOrigin", "expected true or false");
  return {
    type: text("type"),
    challenge: fromBase64url(text("challenge")),
    origin: text("origin"),
    crossOrigin: crossOrigin || members.has("topOrigin"),
  };
}

function parse(bytes: Uint8Array): ReadonlyMap<string, unknown> {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    return refuse("", "not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return refuse("", "expected an object");
  const members = new Map(Object.entries(value));
  // Of two members of one name some readers take the first, some the last: what a receipt proves would depend on who reads it.
  if (countNames(text) !== members.size) return refuse("", "a member stands there twice");
  return members;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/** How many members are written in the outermost object; the text is JSON. */
function countNames(text: string): number {
  let [depth, names] = [0, 0];
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else if (token === ":" && depth === 1) names++;
  }
  return names;
}

function refuse(member: string, why: string): never {
  throw new ProtocolError("bad-field", why, { field: member === "" ? "clientData" : `clientData.${member}` });
}
