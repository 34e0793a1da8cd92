import { expect, test } from "@jest/globals";
import { decoded, EntityCache, type VerifiedEntity } from "./entity-cache.ts";

const entity = (text: string): VerifiedEntity => ({
  ...{ place: { high: 0, low: 0 }, version: 1, index: {} },
  ...{ body: text, bytes: text.length },
});

test("keeps what is in use, and forgets what is not, in about its bytes", () => {
  const cache = new EntityCache(100_000);
  cache.set("used", entity("x".repeat(700)));
  cache.set("unused", entity("x".repeat(700)));
  for (let i = 0; i < 1000; i++) {
    cache.set(`${i}`, entity("x".repeat(700)));
    expect(cache.get("used")).toBeDefined();
  }
  expect(cache.get("unused")).toBeUndefined();
  const kept = Array.from({ length: 1000 }, (_, i) => cache.get(`${i}`)).filter((entry) => entry !== undefined);
  expect(kept.length).toBeGreaterThan(20);
  expect(kept.length).toBeLessThanOrEqual(100);
});

test("the last entry of a name counts, wherever it lies", () => {
  const cache = new EntityCache(10_000);
  for (let i = 0; i < 100; i++) {
    cache.set("a", entity(`${i}`));
    expect(cache.get("a")?.body).toBe(`${i}`);
  }
  cache.delete("a");
  expect(cache.get("a")).toBeUndefined();
});

function keptOf(put: (cache: EntityCache, name: string) => void): number {
  const cache = new EntityCache(100_000);
  for (let i = 0; i < 1000; i++) put(cache, `${i}`);
  return Array.from({ length: 1000 }, (_, i) => cache.get(`${i}`)).filter((entry) => entry !== undefined).length;
}

test("a decoded body counts for more than its text, and an entry that is replaced counts once", () => {
  const text = JSON.stringify({ note: "x".repeat(700) });
  const encoded = keptOf((cache, name) => cache.set(name, entity(text)));
  const loaded = keptOf((cache, name) => cache.set(name, decoded(entity(text))));
  const again = keptOf((cache, name) => {
    for (let i = 0; i < 10; i++) cache.set(name, entity(text));
  });
  expect(loaded).toBeLessThan(encoded / 2);
  expect(again).toBe(encoded);
});

test("without bytes nothing is kept", () => {
  const cache = new EntityCache(0);
  cache.set("a", entity("x"));
  expect(cache.get("a")).toBeUndefined();
});
