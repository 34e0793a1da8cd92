import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { decodeHint, encodeHint, type Hint } from "./hint.ts";

const hint: Hint = {
  ...{ core: "0123456789abcdef", shard: 1023, seq: 7, due: true, lanes: ["bot"] },
  keys: [{ type: "peer", tenant: "", id: "a" }],
};

test("a hint comes back as it was", () => {
  expect(decodeHint(encodeHint(hint))).toEqual(hint);
});

test.each([
  ["", "null", "{}", "[]", "x", '["c"]'],
  ['["c",1024,1,[],true,[]]', '["c",-1,1,[],true,[]]', '["c",1.5,1,[],true,[]]', '["c",1,-1,[],true,[]]'],
  ['["c",1,1,[["a","b"]],true,[]]', '["c",1,1,[1],true,[]]', '["c",1,1,{},true,[]]', '["c",1,1,[],1,[]]'],
  ["[1,1,1,[],true,[]]", '["c",1,1,[],true,[1]]', '["c",1,1,[],true]'],
])("what anybody may publish is no hint unless it has the form of one: %#", (...texts) => {
  for (const text of texts) expect(decodeHint(text)).toBeUndefined();
});

test("no text makes it throw", () => {
  const texts = fc.oneof(fc.string(), fc.json());
  expect(() => fc.assert(fc.property(texts, (text) => void decodeHint(text)))).not.toThrow();
});
