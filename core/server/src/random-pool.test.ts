import { expect, test } from "@jest/globals";
import { toHex } from "@countersign/protocol";
import fc from "fast-check";
import { RandomPool } from "./random-pool.ts";

/** Fills with 1 to 251 and again, never 0, and shows what it filled. */
function numbering(): { fill: (bytes: Uint8Array) => void; filled: Uint8Array[] } {
  const filled: Uint8Array[] = [];
  let number = 0;
  const fill = (bytes: Uint8Array): void => {
    filled.push(bytes);
    for (let i = 0; i < bytes.length; i++) bytes[i] = 1 + (number++ % 251);
  };
  return { fill, filled };
}

test("each byte is handed out once, and is gone from the pool then", () => {
  const length = fc.oneof(fc.nat({ max: 64 }), fc.nat({ max: 4096 }));
  fc.assert(
    fc.property(fc.array(length, { maxLength: 60 }), (lengths) => {
      const { fill, filled } = numbering();
      const random = new RandomPool(fill);
      let before = 0; // where the next bytes begin, counted over all fills
      for (const one of lengths) {
        const bytes = random.bytes(one);
        const pool = filled.at(-1) ?? new Uint8Array(4096);
        const left = pool.findIndex((byte) => byte !== 0);
        const end = filled.length * 4096 - (left === -1 ? 0 : 4096 - left);
        const expected = Array.from({ length: one }, (_, i) => 1 + ((end - one + i) % 251));
        expect([...bytes]).toEqual(expected);
        expect(end - one).toBeGreaterThanOrEqual(before);
        expect(pool.subarray(0, left === -1 ? 4096 : left).every((byte) => byte === 0)).toBe(true);
        before = end;
      }
    }),
  );
});

test("what is handed out is the caller's own", () => {
  const { fill, filled } = numbering();
  const random = new RandomPool(fill);
  const first = random.bytes(16);
  const second = random.bytes(16);
  first.fill(0);
  filled[0]!.fill(9);
  expect([...second]).toEqual(Array.from({ length: 16 }, (_, i) => 17 + i));
  expect(second.buffer.byteLength).toBe(16);
});

test("more than the pool holds comes from the generator itself", () => {
  const { fill, filled } = numbering();
  const bytes = new RandomPool(fill).bytes(4097);
  expect(filled).toEqual([bytes]);
});

test("after a generator that failed half-way nothing of the pool is used", () => {
  let calls = 0;
  const random = new RandomPool((bytes) => {
    calls += 1;
    if (calls === 2) throw new Error("no entropy");
    bytes.fill(calls);
  });
  random.bytes(4000);
  expect(() => random.bytes(200)).toThrow("no entropy");
  expect([...random.bytes(8)]).toEqual(Array.from({ length: 8 }, () => 3));
});

test.each([-1, 1.5, Number.NaN, Infinity])("%p is no length, and does no harm", (length) => {
  const random = new RandomPool();
  expect(() => random.bytes(length)).toThrow(RangeError);
  expect(random.bytes(32)).toHaveLength(32);
});

test("the system's generator gives no id twice", () => {
  const random = new RandomPool();
  const ids = new Set(Array.from({ length: 5000 }, () => toHex(random.bytes(16))));
  expect(ids.size).toBe(5000);
});
