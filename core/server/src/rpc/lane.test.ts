import { expect, test } from "@jest/globals";
import { Lane } from "./lane.ts";

const all = (lane: Lane<string>): string => {
  let order = "";
  while (lane.size > 0) order += lane.shift();
  return order;
};

test("of one address the first comes first", () => {
  const lane = new Lane<string>();
  for (const name of "abc") lane.push("one", name);
  expect([lane.size, lane.waitingFrom("one"), lane.waitingFrom("two"), lane.addresses]).toEqual([3, 3, 0, 1]);
  expect(all(lane)).toBe("abc");
  expect(lane.waitingFrom("one")).toBe(0);
});

test("who sends little waits behind one of each other address, not behind all that one of them sent", () => {
  const lane = new Lane<string>();
  for (const name of "abcdef") lane.push("loud", name);
  for (const name of "xyz") lane.push("louder", name);
  lane.push("quiet", "Q");
  expect(all(lane)).toBe("axQbyczdef");
});

test("nobody is taken out of an empty lane", () => {
  expect(() => new Lane().shift()).toThrow("nobody waits");
});
