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

/** As text, for the storage of this tab. */
export function writeOrder({ fields, payload }: Order): string {
  return JSON.stringify({ fields, payload }, (_name, value: unknown) => {
    if (typeof value === "bigint") return { units: value.toString() };
    if (value instanceof Uint8Array) return { bytes: [...value] };
    return value;
  });
}

/** Throws for what writeOrder would not have written. */
export function readOrder(text: string): Order {
  const { fields, payload } = JSON.parse(text, (_name, value: unknown) => {
    const { units, bytes } = (value ?? {}) as { units?: unknown; bytes?: unknown };
    if (typeof units === "string") return BigInt(units);
    return Array.isArray(bytes) ? Uint8Array.from(bytes as number[]) : value;
  }) as { fields: readonly Field[]; payload?: Uint8Array };
  return orderOf(fields, payload);
}
