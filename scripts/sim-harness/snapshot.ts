// A body as a store keeps it, without the way through its text: a copy that nobody else holds, frozen to its depth.

/** What body-codec.ts reads back from what it wrote, and every string of it that a code could be. */
export interface Snapshot {
  readonly body: object;
  readonly digits: readonly string[];
}

const DIGITS = /^\d{6,10}$/;

/** Throws TypeError for what is no plain data, as encodeBody does. */
export function snapshotOf(body: object): Snapshot {
  const digits: string[] = [];
  return { body: copyOf(body, digits) as object, digits };
}

/** The strings in plain data that a code could be, member names among them. */
export function digitsIn(value: unknown): readonly string[] {
  const digits: string[] = [];
  copyOf(value, digits);
  return digits;
}

function copyOf(value: unknown, digits: string[]): unknown {
  switch (typeof value) {
    case "string":
      return note(value, digits);
    case "boolean":
    case "bigint":
      return value;
    case "number":
      if (Number.isFinite(value)) return value;
      break;
    case "object":
      if (value instanceof Uint8Array) return bytesOf(value, digits);
      if (Array.isArray(value)) return Object.freeze(value.map((one) => copyOf(one, digits)));
      if (value !== null && isPlain(value)) return membersOf(value as Record<string, unknown>, digits);
      break;
    case "undefined":
    case "symbol":
    case "function":
      break;
  }
  throw new TypeError(`A ${typeof value} is not plain data`);
}

function membersOf(object: Record<string, unknown>, digits: string[]): object {
  const copy: Record<string, unknown> = {};
  for (const name in object) {
    const value = object[name];
    if (value === undefined) continue;
    if (name.startsWith("$") || name === "__proto__") throw new TypeError(`${name}: reserved`);
    note(name, digits);
    copy[name] = copyOf(value, digits);
  }
  return Object.freeze(copy);
}

/** A number is looked at as its text would be; bytes as the text they may spell. */
function bytesOf(bytes: Uint8Array, digits: string[]): Uint8Array {
  if (bytes.length >= 6 && bytes.length <= 10) note(Buffer.from(bytes).toString("latin1"), digits);
  return bytes.slice();
}

function note(text: string, digits: string[]): string {
  if (text.length >= 6 && text.length <= 10 && DIGITS.test(text)) digits.push(text);
  return text;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
