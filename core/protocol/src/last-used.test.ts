import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { LastUsed } from "./last-used.ts";

test("holds exactly what was used last, under every order of uses", () => {
  const use = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 9 }));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(use, { maxLength: 80 }), (limit, uses) => {
      const cache = new LastUsed<{ readonly at: number }>(limit);
      let model: (readonly [number, { readonly at: number }])[] = []; // the last used at the end
      uses.forEach(([isSet, key], at) => {
        const known = model.find(([name]) => name === key)?.[1];
        const value = isSet ? { at } : known;
        if (isSet) cache.set(`${key}`, { at });
        const found = isSet ? known : cache.get(`${key}`);
        expect(found).toEqual(known);
        if (value !== undefined) model = [...model.filter(([name]) => name !== key), [key, value] as const];
        model = model.slice(-limit);
      });
      for (const [name, value] of model) expect(cache.get(`${name}`)).toEqual(value);
    }),
  );
});
