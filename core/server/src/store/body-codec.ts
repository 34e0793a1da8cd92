// Text of a stored body: JSON, members in the order given; bytes as {"$b": base64url}, bigint as {"$n": decimal};
// members that are undefined are left out. docs/protocol/store.md section 2.
import { quote } from "@countersign/protocol";

/** A body as it is stored, and as it is kept in memory. */
export interface StoredBody {
  readonly text: string;
  /**
   * What decodeBody would make of the text, without the way through it: frozen to its depth, and shares with the writer only
   * what he has from the store himself.
   */
  readonly copy: object;
  /** Its larger members, for whoever writes the next version of it. */
  readonly members: readonly StoredMember[];
}

/** A member of a stored body: who writes the very same value again need not encode it again. */
export interface StoredMember {
  readonly name: string;
  /** As it lies in the copy. */
  readonly value: object;
  readonly text: string;
}

/** Members' texts are kept where they come to so much together: that costs the whole text's memory. */
const WORTH_KEEPING = 512;
/** What is shorter is encoded again. */
const LONG_MEMBER = 32;

/**
 * The text under which a body is stored. Bodies are plain data: strings, finite numbers, booleans, bigint, Uint8Array,
 * arrays and objects of these. Throws TypeError naming the member for anything else.
 */
export function encodeBody(body: object): string {
  return prepareBody(body).text;
}

/** The same with what is kept of it in memory. `before`: members of the version that this one replaces. */
export function prepareBody(body: object, before: readonly StoredMember[] = []): StoredBody {
  depth = 0;
  if (Array.isArray(body) || !isPlainObject(body)) return { text: textOf(body), copy: made as object, members: [] };
  const copy: Record<string, unknown> = {};
  const places: [name: string, value: object, from: number, to: number][] = [];
  let kept = 0;
  let text = "";
  depth = 1;
  for (const name of Object.keys(body)) {
    const value = (body as Record<string, unknown>)[name];
    if (value === undefined) continue;
    trail[0] = name;
    text += text === "" ? opening(name) : following(name);
    const from = text.length;
    const known = typeof value === "object" ? knownText(before, name, value) : undefined;
    text += known ?? textOf(value);
    copy[name] = known === undefined ? made : value;
    if (typeof value !== "object" || text.length - from < LONG_MEMBER) continue;
    kept += text.length - from;
    places.push([name, copy[name] as object, from, text.length]);
  }
  text = text === "" ? "{}" : `${text}}`;
  const members =
    kept < WORTH_KEEPING ? [] : places.map(([name, value, from, to]) => memberOf(text, name, value, from, to));
  return { text, copy: Object.freeze(copy), members };
}

// A part of the whole text, whose memory it shares.
function memberOf(whole: string, name: string, value: object, from: number, to: number): StoredMember {
  return { name, value, text: whole.slice(from, to) };
}

function knownText(before: readonly StoredMember[], name: string, value: unknown): string | undefined {
  for (const member of before) if (member.name === name) return member.value === value ? member.text : undefined;
  return undefined;
}

/**
 * Reads what encodeBody wrote. The text was authenticated before. All who load a version share what comes out, so it is
 * frozen to its depth; only bytes cannot be, and nobody may write to them either.
 */
export function decodeBody(text: string): object {
  return fromPlain(JSON.parse(text)) as object;
}

// Encoding is synchronous and never re-entered. The copy of what textOf wrote last, made on the same way:
let made: unknown;
// and where it is, by names and indexes; turned into text only for an error.
const trail: (string | number)[] = [];
let depth = 0;

// Written out by hand: a copy of the tree for JSON.stringify costs three times as much (scripts/bench-harness/store.ts).
function textOf(value: unknown): string {
  made = value;
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
      if (value instanceof Uint8Array) return bytesText(value);
      if (Array.isArray(value)) return arrayText(value);
      if (value !== null && isPlainObject(value)) return objectText(value as Record<string, unknown>);
      break;
    case "undefined":
    case "symbol":
    case "function":
      break;
  }
  throw new TypeError(`${describeTrail()} cannot be stored: ${describe(value)} is not plain data`);
}

function bytesText(bytes: Uint8Array): string {
  made = new Uint8Array(bytes);
  return `{"$b":"${base64url(bytes)}"}`;
}

function arrayText(items: readonly unknown[]): string {
  const copy: unknown[] = [];
  const at = depth++;
  let text = "[";
  for (let i = 0; i < items.length; i++) {
    trail[at] = i;
    text += i === 0 ? textOf(items[i]) : `,${textOf(items[i])}`;
    copy.push(made);
  }
  depth = at;
  made = Object.freeze(copy);
  return `${text}]`;
}

function objectText(object: Record<string, unknown>): string {
  const copy: Record<string, unknown> = {};
  const at = depth++;
  let text = "";
  for (const name of Object.keys(object)) {
    const value = object[name];
    if (value === undefined) continue;
    trail[at] = name;
    text += (text === "" ? opening(name) : following(name)) + textOf(value);
    copy[name] = made;
  }
  depth = at;
  made = Object.freeze(copy);
  return text === "" ? "{}" : `${text}}`;
}

// Names come from the core's own code, so they are few.
const MOST_NAMES = 4096;
const OPENING = new Map<string, string>();
const FOLLOWING = new Map<string, string>();

/** `{"name":` */
function opening(name: string): string {
  return OPENING.get(name) ?? remember(OPENING, name, "{");
}

/** `,"name":` */
function following(name: string): string {
  return FOLLOWING.get(name) ?? remember(FOLLOWING, name, ",");
}

function remember(texts: Map<string, string>, name: string, before: string): string {
  if (name.startsWith("$") || name === "__proto__") {
    throw new TypeError(`${describeTrail()}: member names of that form are reserved`);
  }
  const text = `${before}${quote(name)}:`;
  if (texts.size < MOST_NAMES) texts.set(name, text);
  return text;
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function describeTrail(): string {
  const steps = trail.slice(0, depth).map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`));
  return `body${steps.join("")}`;
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
