import { type CborOptions, type CborValue, decodeCbor } from "./det-cbor.ts";
import { ProtocolError, type ProtocolErrorCode } from "./protocol-error.ts";

/**
 * Reads a det-CBOR map with a fixed set of members. Each reader throws its `code` and names the member, such as
 * `statement.nonce`; `end()` refuses members that nobody asked for.
 */
export class CborMap {
  readonly #name: string;
  readonly #members: Map<number, CborValue>;
  readonly #code: ProtocolErrorCode;

  constructor(name: string, bytes: Uint8Array, options: CborOptions = {}, code: ProtocolErrorCode = "bad-field") {
    const value = decodeCbor(bytes, options);
    this.#name = name;
    this.#code = code;
    if (!(value instanceof Map)) throw new ProtocolError(code, "expected a map", { field: name });
    this.#members = new Map(value as ReadonlyMap<number, CborValue>);
  }

  has(key: number): boolean {
    return this.#members.has(key);
  }

  /** The first member of every map of ours. */
  version(key: number, version: number): void {
    const found = this.take(key);
    if (found === version) return;
    const field = `${this.#name}.version`;
    throw new ProtocolError("bad-version", `expected ${version}; this program knows no other version`, { field });
  }

  integer(key: number, member: string, lowest: number, highest: number): number {
    const value = this.take(key);
    if (typeof value === "number" && value >= lowest && value <= highest) return value;
    return this.refuse(member, `expected an integer from ${lowest} to ${highest}`);
  }

  oneOf<Choice extends number>(key: number, member: string, choices: readonly Choice[]): Choice {
    const value = this.take(key);
    const found = choices.find((choice) => choice === value);
    return found ?? this.refuse(member, `expected one of ${choices.join(", ")}`);
  }

  bytes(key: number, member: string, shortest: number, longest: number = shortest): Uint8Array {
    const value = this.take(key);
    if (value instanceof Uint8Array && value.length >= shortest && value.length <= longest) return value;
    return this.refuse(member, `expected ${shortest === longest ? shortest : `${shortest} to ${longest}`} bytes`);
  }

  text(key: number, member: string): string {
    const value = this.take(key);
    return typeof value === "string" ? value : this.refuse(member, "expected text");
  }

  boolean(key: number, member: string): boolean {
    const value = this.take(key);
    return typeof value === "boolean" ? value : this.refuse(member, "expected true or false");
  }

  array(key: number, member: string): readonly CborValue[] {
    const value = this.take(key);
    return Array.isArray(value) ? (value as readonly CborValue[]) : this.refuse(member, "expected an array");
  }

  take(key: number): CborValue | undefined {
    const value = this.#members.get(key);
    this.#members.delete(key);
    return value;
  }

  end(): void {
    const [extra] = this.#members.keys();
    if (extra !== undefined) this.refuse(String(extra), "a member that this version does not have");
  }

  refuse(member: string, why: string): never {
    throw new ProtocolError(this.#code, why, { field: `${this.#name}.${member}` });
  }
}
