import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { decodeBody, encodeBody, prepareBody } from "./body-codec.ts";

const leaf = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.boolean(),
  fc.bigInt(),
  fc.uint8Array(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
);
const name = fc.string().filter((text) => !text.startsWith("$") && text !== "__proto__");
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: "small" },
    leaf,
    fc.array(tie("tree")),
    fc.dictionary(name, tie("tree"), { noNullPrototype: true }),
  ),
}));

test("every body comes back equal", () => {
  fc.assert(
    fc.property(fc.dictionary(name, tree, { noNullPrototype: true }), (body) =>
      expect(decodeBody(encodeBody(body))).toEqual(body),
    ),
  );
});

test("the copy that a store keeps is what it would read, frozen, and shares no object and no bytes with its writer", () => {
  fc.assert(
    fc.property(fc.dictionary(name, tree, { noNullPrototype: true }), (body) => {
      expect(prepareBody(body).copy).toStrictEqual(decodeBody(encodeBody(body)));
    }),
  );
  const body = { bytes: Buffer.from([1, 2]), gone: undefined, deep: [{ n: 1n }] };
  const copy = prepareBody(body).copy as typeof body;
  body.bytes[0] = 9;
  body.deep[0] = { n: 2n };
  expect(copy).toStrictEqual({ bytes: Uint8Array.of(1, 2), deep: [{ n: 1n }] });
  for (const part of [copy, copy.deep, copy.deep[0]]) expect(Object.isFrozen(part)).toBe(true);
});

test("the next version of a body has the text it would have had alone, whatever of it stayed", () => {
  const objects = fc.dictionary(name, tree, { noNullPrototype: true });
  fc.assert(
    fc.property(objects, objects, fc.array(fc.boolean()), (first, other, stays) => {
      const large = { ...first, large: ["x".repeat(600)] };
      const stored = prepareBody(large);
      const loaded = Object.entries(stored.copy).filter((_, i) => stays[i % stays.length] ?? true);
      const next = { ...other, ...Object.fromEntries(loaded) };
      const again = prepareBody(next, stored.members);
      expect(again.text).toBe(prepareBody(next).text);
      expect(again.copy).toStrictEqual(decodeBody(again.text));
      for (const { value } of again.members) expect(Object.isFrozen(value) || value instanceof Uint8Array).toBe(true);
    }),
  );
});

test("a member that is kept is taken for the very value only, not for an equal name", () => {
  const { members } = prepareBody({ a: ["x".repeat(600)], b: 1 });
  expect(members.map((member) => member.name)).toEqual(["a"]);
  expect(prepareBody({ a: ["y"] }, members).text).toBe('{"a":["y"]}');
  expect(prepareBody({ a: "z" }, members).text).toBe('{"a":"z"}');
  expect(prepareBody({ a: undefined, b: members[0]?.value }, members).text).toBe(`{"b":["${"x".repeat(600)}"]}`);
});

test("the text is as documented", () => {
  const body = { a: Uint8Array.of(255, 0), b: -5n, c: undefined, d: [true, { e: "ä" }] };
  expect(encodeBody(body)).toBe('{"a":{"$b":"_wA"},"b":{"$n":"-5"},"d":[true,{"e":"ä"}]}');
});

test.each([
  ["a date", { at: new Date(0) }, "body.at cannot be stored: Date"],
  ["a map", { m: new Map() }, "body.m cannot be stored: Map"],
  ["a function", { f: () => 1 }, "body.f cannot be stored: a function"],
  ["null", { n: null }, "body.n cannot be stored: null"],
  ["infinity", { n: [1, Infinity] }, "body.n[1] cannot be stored: a number"],
  ["undefined in an array", { n: [undefined] }, "body.n[0] cannot be stored: a undefined"],
  ["a reserved name", { $b: "AA" }, "body.$b: member names"],
])("refuses %s, naming the member", (_, body, message) => {
  expect(() => encodeBody(body)).toThrow(message);
});
