// For tests: well-formed requests full of nonsense, as bytes.
import { MESSAGES, type WireField } from "@countersign/proto/wire-schema";
import fc from "fast-check";

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

/** A field of text, bytes or a message. */
export function bytesField(number: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([...varint(BigInt((number << 3) | 2)), ...varint(BigInt(bytes.length))]), bytes]);
}

/** A field of a number, a truth or an enumeration. */
export function numberField(number: number, value: bigint): number[] {
  return [...varint(BigInt(number << 3)), ...varint(value)];
}

/** Mostly such as somebody might mean. */
function mostly(others: fc.Arbitrary<bigint>): fc.Arbitrary<bigint> {
  return fc.oneof(
    { arbitrary: fc.constantFrom(0n, 1n, 2n, 5n, 47n, 100n), weight: 6 },
    { arbitrary: others, weight: 1 },
  );
}
const unsigned = mostly(fc.oneof(fc.constantFrom(2n ** 31n, 2n ** 32n - 1n), fc.bigInt(0n, 2n ** 32n - 1n)));
const signed32 = mostly(fc.oneof(fc.constantFrom(-1n, -(2n ** 31n)), fc.bigInt(0n, 2n ** 31n - 1n)));
const far = fc.constantFrom(-1n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n), 253_402_300_800n);
const signed64 = mostly(fc.oneof(fc.bigInt(0n, 2n ** 32n - 1n), far));

function valueOf(number: number, [name, type]: WireField, texts: Texts): fc.Arbitrary<number[]> {
  const integer = (values: fc.Arbitrary<bigint>) => values.map((value) => numberField(number, value));
  switch (type) {
    case "bool":
      return fc.constantFrom(numberField(number, 0n), numberField(number, 1n));
    case "int32":
      return integer(signed32);
    case "uint32":
      return integer(unsigned);
    case "int64":
      return integer(signed64);
    case "uint64":
      return integer(mostly(fc.constantFrom(2n ** 53n, 2n ** 64n - 1n)));
    case "string":
      return texts(name).map((text) => [...bytesField(number, Buffer.from(text.toWellFormed()))]);
    case "bytes":
      return fc
        .oneof(fc.uint8Array({ maxLength: 80 }), fc.uint8Array({ minLength: 32, maxLength: 32 }))
        .map((bytes) => [...bytesField(number, bytes)]);
    case "fixed32":
    case "fixed64":
      throw new Error("no request of ours has one");
    default:
      return anyMessage(type, texts).map((bytes) => [...bytesField(number, bytes)]);
  }
}

/** What a string field of this name says. */
export type Texts = (field: string) => fc.Arbitrary<string>;

/** At most one member of each oneof, repeated fields up to three times. */
export function anyMessage(name: string, texts: Texts): fc.Arbitrary<Uint8Array> {
  const slots = new Map<string, fc.Arbitrary<number[]>[]>();
  for (const [number, field] of Object.entries(MESSAGES[name] ?? {})) {
    const [own, , rule] = field;
    const one = valueOf(Number(number), field, texts);
    const value = rule === "*" ? fc.array(one, { maxLength: 3 }).map((all) => all.flat()) : one;
    const slot = rule?.startsWith("=") === true ? rule : own;
    slots.set(slot, [...(slots.get(slot) ?? []), value]);
  }
  const parts = [...slots.values()].map((all) => fc.option(fc.oneof(...all), { nil: [], freq: 8 }));
  return fc.tuple(...parts).map((bytes) => Uint8Array.from(bytes.flat()));
}
