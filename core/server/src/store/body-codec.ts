// Text of a stored body: JSON, members in the order given; bytes as {"$b": base64url}, bigint as {"$n": decimal};
// members that are undefined are left out. docs/protocol/store.md section 2.

/**
 * The text under which a body is stored. Bodies are plain data: strings, finite numbers, booleans, bigint, Uint8Array,
 * arrays and objects of these. Throws TypeError naming the member for anything else.
 */
export function encodeBody(body: object): string {
  return JSON.stringify(toPlain(body, "body"));
}

/** Reads what encodeBody wrote. The text was authenticated before. */
export function decodeBody(text: string): object {
  return fromPlain(JSON.parse(text)) as object;
}

function toPlain(value: unknown, path: string): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (Number.isFinite(value)) return value;
      break;
    case "bigint":
      return { $n: value.toString() };
    case "object":
      if (value instanceof Uint8Array) return { $b: base64url(value) };
      if (Array.isArray(value)) return value.map((item, i) => toPlain(item, `${path}[${i}]`));
      if (value !== null && isPlainObject(value)) return membersToPlain(value, path);
      break;
    case "undefined":
    case "symbol":
    case "function":
      break;
  }
  throw new TypeError(`${path} cannot be stored: ${describe(value)} is not plain data`);
}

function membersToPlain(object: object, path: string): object {
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(object)) {
    if (value === undefined) continue;
    if (name.startsWith("$") || name === "__proto__")
      throw new TypeError(`${path}.${name}: member names of that form are reserved`);
    plain[name] = toPlain(value, `${path}.${name}`);
  }
  return plain;
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
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
  for (const name in object) {
    const member = object[name];
    if (typeof member === "object") object[name] = fromPlain(member);
  }
  return object;
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
}
