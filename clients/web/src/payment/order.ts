import { Kind, type Field, type Line } from "@countersign/protocol";
import { ownLines } from "@countersign/sdk/browser";

/** A payment as the user means it. */
export interface Order {
  readonly kind: Kind;
  readonly fields: readonly Field[];
  /** SHA-256 of the payment file, where there is one. */
  readonly payload: Uint8Array | undefined;
  /** What key and phone are to show. */
  readonly lines: readonly Line[];
}

/** Throws ProtocolError naming the field that cannot be shown. */
export function orderOf(fields: readonly Field[], payload?: Uint8Array): Order {
  return { kind: Kind.PAY, fields, payload, lines: ownLines({ kind: Kind.PAY, fields, payload }) };
}

/** Values of a payment as text, for the storage of this tab. */
export function writeValue(value: unknown): string {
  return JSON.stringify(value, (_name, each: unknown) => {
    if (typeof each === "bigint") return { units: each.toString() };
    if (each instanceof Uint8Array) return { bytes: [...each] };
    return each;
  });
}

/** What writeValue wrote. Throws for what is no JSON. */
export function readValue(text: string): unknown {
  return JSON.parse(text, (_name, each: unknown) => {
    const { units, bytes } = (each ?? {}) as { units?: unknown; bytes?: unknown };
    if (typeof units === "string") return BigInt(units);
    return Array.isArray(bytes) ? Uint8Array.from(bytes as number[]) : each;
  }) as unknown;
}

/** Throws for what is no order. */
export function readOrder(value: unknown): Order {
  const { fields, payload } = value as { fields: readonly Field[]; payload?: Uint8Array };
  return orderOf(fields, payload);
}
