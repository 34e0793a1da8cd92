import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { type PageShelf, ShardWitness } from "./shard-witness.ts";
import { IntegrityError } from "./store.ts";
import { decodePage, isPageOf, WitnessDirectory } from "./witness-page.ts";
import { WitnessTable, type Place } from "./witness-table.ts";

/** Pages in memory, that a test loses or spoils. */
class Shelf implements PageShelf {
  readonly pages = new Map<number, Uint8Array>();
  reads = 0;
  #number = 0;
  read(...[mark]: Parameters<PageShelf["read"]>): Uint8Array | undefined {
    this.reads += 1;
    const page = this.pages.get(mark.number);
    return page !== undefined && isPageOf(mark, page) ? page : undefined;
  }
  add(page: Uint8Array): number {
    this.pages.set(++this.#number, page);
    return this.#number;
  }
  remove(number: number): void {
    this.pages.delete(number);
  }
  clear(): void {
    this.pages.clear();
  }
}

const noChain = (): WitnessTable => {
  throw new Error("the chain was read");
};
const nameOf = ({ high, low }: Place): string => `${high} ${low}`;
const place: fc.Arbitrary<Place> = fc.record({ high: fc.nat(3), low: fc.constantFrom(0, 1, 7, 2 ** 31, 2 ** 32 - 1) });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ place, version: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.constantFrom("shelve", "reopen", "spoil", "lose", "undo") },
);

test("answers like a map, whatever is shelved, opened anew, undone, spoiled or lost in between", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const shelf = new Shelf();
      const model = new Map<string, [Place, number, number]>();
      // What is set is in the chain at once here.
      const chain = (): WitnessTable => WitnessTable.of([...model.values()]);
      let witness = new ShardWitness(shelf, chain, new WitnessDirectory());
      const set = (at: Place, version: number): void => {
        const row = (at.high + 1) * 2 ** 40;
        witness.set(at, version, row);
        if (version === 0) model.delete(nameOf(at));
        else model.set(nameOf(at), [at, version, row]);
        expect(witness.find(at).version).toBe(version);
      };
      const checked = (): void => {
        for (const [at, version, row] of model.values()) expect(witness.find(at)).toEqual({ version, row });
      };
      for (const one of steps) {
        if (one === "shelve") witness.shelve();
        else if (one === "reopen") witness = new ShardWitness(shelf, chain, new WitnessDirectory(witness.shelve()));
        else if (one === "spoil") for (const page of shelf.pages.values()) page.fill(1);
        else if (one === "lose") shelf.pages.clear();
        else if (one === "undo") undone(witness, shelf);
        else set(one.place, one.version);
      }
      checked();
      witness.shelve();
      checked();
      expect([...shelf.pages.values()].flatMap(decodePage).length).toBe(model.size);
    }),
  );
});

/** A commit that sets, stores, and comes to nothing. */
function undone(witness: ShardWitness, shelf: Shelf): void {
  const [state, pages] = [witness.state, [...shelf.pages]];
  const at = { high: 3, low: 7 };
  const { version, row } = witness.find(at);
  witness.set(at, 9, 9);
  witness.shelve();
  shelf.pages.clear();
  for (const [number, page] of pages) shelf.pages.set(number, page);
  witness.restore(state);
  witness.set(at, version, row);
}

const spread = (i: number): Place => ({ high: Math.imul(i, 0x9e3779b1) >>> 0, low: i });

test("pages are split when they are full, and only those are written that changed", () => {
  const shelf = new Shelf();
  const witness = new ShardWitness(shelf, noChain, new WitnessDirectory());
  for (let i = 0; i < 10_000; i++) {
    witness.set(spread(i), i + 1, i + 1);
    if (witness.fresh === 512) witness.shelve();
  }
  witness.shelve();
  const sizes = [...shelf.pages.values()].map((page) => page.length / 20);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(192);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(10_000);
  expect(sizes.length).toBeLessThan(160);
  const before = new Set(shelf.pages.keys());
  witness.set(spread(5), 20_000, 6);
  const directory = new WitnessDirectory(witness.shelve());
  expect([...directory.marks()].filter(({ number }) => !before.has(number)).length).toBe(1);
  shelf.reads = 0;
  expect(witness.find(spread(5))).toEqual({ version: 20_000, row: 6 });
  expect(witness.find({ high: 0, low: 123_456 })).toEqual({ version: 0, row: 0 });
  expect(shelf.reads).toBe(2);
});

test("all deleted: no pages are left, and none are asked for", () => {
  const shelf = new Shelf();
  const witness = new ShardWitness(shelf, noChain, new WitnessDirectory());
  for (let i = 0; i < 300; i++) witness.set(spread(i), 1, i);
  witness.shelve();
  for (let i = 0; i < 300; i++) witness.set(spread(i), 0, i);
  expect(witness.find(spread(7)).version).toBe(0);
  expect(witness.shelve()?.length).toBe(0);
  expect(shelf.pages.size).toBe(0);
  expect(witness.find(spread(7)).version).toBe(0);
});

test("without a directory that can be believed the chain is read, and what was left of the pages is removed", () => {
  const shelf = new Shelf();
  shelf.add(new Uint8Array(20));
  const witness = new ShardWitness(shelf, () => WitnessTable.of([[spread(1), 4, 5]]), undefined);
  expect(witness.find(spread(1))).toEqual({ version: 4, row: 5 });
  witness.shelve();
  expect(shelf.pages.size).toBe(1);
  expect(witness.find(spread(1))).toEqual({ version: 4, row: 5 });
});

test("where page and chain were altered nothing is moved, and what is in memory is answered", () => {
  const shelf = new Shelf();
  let reads = 0;
  const altered = (): WitnessTable => {
    reads += 1;
    throw new IntegrityError("entry 1 is missing");
  };
  const witness = new ShardWitness(shelf, altered, new WitnessDirectory());
  for (const i of [1, 2]) witness.set(spread(i), 7, i);
  witness.shelve();
  witness.set(spread(1), 8, 1);
  for (const page of shelf.pages.values()) page.fill(1);
  for (let i = 0; i < 3; i++) expect(witness.shelve()).toBeUndefined();
  expect(witness.find(spread(1))).toEqual({ version: 8, row: 1 });
  expect(() => witness.find(spread(2))).toThrow("entry 1 is missing");
  expect(reads).toBe(1); // a chain is long
});
