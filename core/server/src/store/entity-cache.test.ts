import { expect, test } from "@jest/globals";
import { EntityCache, type VerifiedEntity } from "./entity-cache.ts";

const entity = (text: string): VerifiedEntity => ({ place: { high: 0, low: 0 }, version: 1, text, index: {} });

test("keeps what was used last, up to its bytes", () => {
  const cache = new EntityCache(3 * 1300);
  for (const name of ["a", "b", "c"]) cache.set(name, entity("x".repeat(1000)));
  expect(cache.get("a")).toBeDefined();
  cache.set("d", entity("x".repeat(1000)));
  expect(["a", "b", "c", "d"].filter((name) => cache.get(name) !== undefined)).toEqual(["a", "c", "d"]);
});

test("an entry replaces the one of its name, and counts once", () => {
  const cache = new EntityCache(1400);
  for (let i = 0; i < 10; i++) cache.set("a", entity(`${i}`.repeat(1000)));
  expect(cache.get("a")?.text[0]).toBe("9");
  cache.delete("a");
  expect(cache.get("a")).toBeUndefined();
});

test("what does not fit is not kept", () => {
  const cache = new EntityCache(0);
  cache.set("a", entity("x"));
  expect(cache.get("a")).toBeUndefined();
});
