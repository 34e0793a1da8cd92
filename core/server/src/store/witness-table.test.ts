import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { decodePage, encodePage } from "./witness-page.ts";
import { placeOf, WitnessTable } from "./witness-table.ts";

// Few distinct places that collide in their low bits, so that runs form, wrap around and are cut by removals.
const place = fc.record({
  high: fc.integer({ min: 0, max: 1 }),
  low: fc.constantFrom(0, 1, 15, 16, 31, 47, 0xffffffff),
});
const step = fc.record({ place, version: fc.integer({ min: 0, max: 5 }) });

test("answers like a map, after any sets and removals, also once stored and read again", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const table = new WitnessTable();
      const model = new Map<string, number>();
      for (const { place: at, version } of steps) {
        table.set(at, version, version * 2 ** 40);
        if (version === 0) model.delete(`${at.high} ${at.low}`);
        else model.set(`${at.high} ${at.low}`, version);
      }
      for (const { place: at } of steps) expect(table.rowOf(at)).toBe(table.get(at) * 2 ** 40);
      for (const one of [table, WitnessTable.of(decodePage(encodePage([...table.entries()])))]) {
        expect(new Map([...one.entries()].map(([at, version]) => [`${at.high} ${at.low}`, version]))).toEqual(model);
        expect(one.size).toBe(model.size);
        for (const { place: at } of steps) expect(one.get(at)).toBe(model.get(`${at.high} ${at.low}`) ?? 0);
      }
    }),
  );
});

test("grows to many entities", () => {
  const secret = "00".repeat(32);
  const table = new WitnessTable();
  for (let i = 1; i <= 10_000; i++) table.set(placeOf(secret, `peer\0\0${i}`), i, i);
  expect(table.size).toBe(10_000);
  for (let i = 1; i <= 10_000; i += 97) expect(table.get(placeOf(secret, `peer\0\0${i}`))).toBe(i);
  expect(table.get(placeOf(secret, "peer\0\0absent"))).toBe(0);
});

test("places depend on the secret", () => {
  expect(placeOf("00", "user\0\0ann")).not.toEqual(placeOf("01", "user\0\0ann"));
});
