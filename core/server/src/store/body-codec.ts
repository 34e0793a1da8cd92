// Text of a stored body: JSON, members in the order given; bytes as {"$b": base64url}, bigint as {"$n": decimal};
// members that are undefined are left out. docs/protocol/store.md section 2.

/**
 * The text under which a body is stored. Bodies are plain data: strings, finite numbers, booleans, bigint, Uint8Array,
 * arrays and objects of these. Throws TypeError naming the member for anything else.
 */
export function encodeBody(body: object): string {
  return textOf(body, { above: undefined, name: "body" });
}

/**
 * Reads what encodeBody wrote. The text was authenticated before. All who load a version share what comes out, so it is
 * frozen to its depth; only bytes cannot be, and nobody may write to them either.
 */
export function decodeBody(text: string): object {
  return fromPlain(JSON.parse(text)) as object;
}

/**
 * What decodeBody would make of a body's text, without the way through it: a frozen copy, so that the writer shares nothing
 * with the store. For bodies that encodeBody took.
 */
export function storedCopy(body: object): object {
  return copyOf(body) as object;
}

/** Where a value stands; turned into text only for an error. */
interface Path {
  readonly above: Path | undefined;
  readonly name: string | number;
}

// Most strings hold neither quote, backslash, control character nor surrogate, and asking is far cheaper than JSON.stringify.
const NEEDS_ESCAPE = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;

// Written out by hand: a copy of the tree for JSON.stringify costs three times as much (scripts/bench-harness/store.ts).
function textOf(value: unknown, path: Path): string {
  switch (typeof value) {
    case "string":
      return quote(value);
    case "boolean":
      return value ? "true" : "false";
    case "number":
      if (Number.isFinite(value)) return String(value);
      break;
    case "bigint":
      return `{"$n":"${value}"}`;
    case "object":
      if (value instanceof Uint8Array) return `{"$b":"${base64url(value)}"}`;
      if (Array.isArray(value)) return arrayText(value, path);
      if (value !== null && isPlainObject(value)) return objectText(value as Record<string, unknown>, path);
      break;
    case "undefined":
    case "symbol":
    case "function":
      break;
  }
  throw new TypeError(`${describePath(path)} cannot be stored: ${describe(value)} is not plain data`);
}

function arrayText(items: readonly unknown[], above: Path): string {
  let text = "[";
  for (let name = 0; name < items.length; name++) {
    text += `${name === 0 ? "" : ","}${textOf(items[name], { above, name })}`;
  }
  return `${text}]`;
}

function objectText(object: Record<string, unknown>, above: Path): string {
  let text = "{";
  for (const name of Object.keys(object)) {
    const value = object[name];
    if (value === undefined) continue;
    const path = { above, name };
    if (name.startsWith("$") || name === "__proto__") {
      throw new TypeError(`${describePath(path)}: member names of that form are reserved`);
    }
    text += `${text === "{" ? "" : ","}${quote(name)}:${textOf(value, path)}`;
  }
  return `${text}}`;
}

function quote(text: string): string {
  return NEEDS_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`;
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function describePath({ above, name }: Path): string {
  if (above === undefined) return String(name);
  return typeof name === "number" ? `${describePath(above)}[${name}]` : `${describePath(above)}.${name}`;
}

function describe(value: unknown): string {
  return typeof value === "object" ? (value?.constructor.name ?? "null") : `a ${typeof value}`;
}

// In place: the tree was made by JSON.parse a moment ago and nobody else holds it.
function fromPlain(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const object = value as Record<string, unknown>;
  if (typeof object["$b"] === "string") return new Uint8Array(Buffer.from(object["$b"], "base64url"));
  if (typeof object["$n"] === "string") return BigInt(object["$n"]);
  for (const name of Object.keys(object)) {
    const member = object[name];
    if (typeof member === "object") object[name] = fromPlain(member);
  }
  return Object.freeze(object);
}

function copyOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return Object.freeze(value.map(copyOf));
  const object = value as Record<string, unknown>;
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(object)) {
    const member = object[name];
    if (member !== undefined) copy[name] = typeof member === "object" ? copyOf(member) : member;
  }
  return Object.freeze(copy);
}

let scratch = Buffer.alloc(1024);

/**
 * Without padding; the native way, as it stands on the path of every commit. By a copy: a Buffer over a short array would
 * make V8 move that array out of its heap first, at four times the price of all the rest.
 */
export function base64url(bytes: Uint8Array): string {
  if (bytes.length > scratch.length) scratch = Buffer.alloc(bytes.length);
  scratch.set(bytes);
  return scratch.toString("base64url", 0, bytes.length);
}
