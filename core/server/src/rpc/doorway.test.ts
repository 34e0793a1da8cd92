import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { type Comer, Doorway, PLACES, TURN_MS } from "./doorway.ts";

class FakeComer implements Comer {
  destroyed = false;
  readonly remoteAddress: string;
  readonly name: string;
  constructor(remoteAddress: string, name: string) {
    this.remoteAddress = remoteAddress;
    this.name = name;
  }
  destroy(): never {
    this.destroyed = true;
    return this as never;
  }
}

const FLOODER = "192.0.2.1";
const OTHER = "192.0.2.2";
const QUIET = "192.0.2.3";

const blamed = new Set<string>();
let letIn: string[];
let held: string[];
let doorway: Doorway<FakeComer>;
beforeEach(() => {
  jest.useFakeTimers();
  blamed.clear();
  [letIn, held] = [[], []];
  const told = { curbed: (how: string) => void held.push(how) };
  const judge = { isBlamed: (network: string) => blamed.has(network) };
  doorway = new Doorway<FakeComer>(judge, ({ name }) => void letIn.push(name), told);
});
afterEach(() => void jest.useRealTimers());

function come(name: string, from: string): FakeComer {
  const comer = new FakeComer(from, name);
  doorway.come(comer);
  return comer;
}

test("who comes from nowhere in particular is let in at once, whatever others do", () => {
  blamed.add(FLOODER);
  for (let i = 0; i < 2 * PLACES; i++) come(`flood ${i}`, FLOODER);
  expect(letIn).toEqual([]);
  come("quiet", QUIET);
  expect(letIn).toEqual(["quiet"]);
});

test("who comes from where a flood came from has a turn, one after the other", () => {
  blamed.add(FLOODER);
  for (const name of "abc") come(name, FLOODER);
  jest.advanceTimersByTime(TURN_MS - 1);
  expect(letIn).toEqual([]);
  jest.advanceTimersByTime(1);
  expect(letIn).toEqual(["a"]);
  jest.advanceTimersByTime(2 * TURN_MS);
  expect(letIn).toEqual(["a", "b", "c"]);
  expect([doorway.waiting, jest.getTimerCount()]).toEqual([0, 0]);
});

test("networks take turns: one with many waiting does not keep the other's waiting", () => {
  blamed.add(FLOODER).add(OTHER);
  for (let i = 0; i < PLACES; i++) come(`flood ${i}`, FLOODER);
  come("other", OTHER);
  jest.advanceTimersByTime(2 * TURN_MS);
  expect(letIn).toEqual(["flood 0", "other"]);
});

test("a neighbour of a flood waits for seconds at most, and has a place as long as there is one", () => {
  blamed.add(FLOODER);
  for (let i = 0; i < PLACES - 1; i++) come(`flood ${i}`, FLOODER);
  come("neighbour", FLOODER);
  const refused = come("one too many", FLOODER);
  expect([refused.destroyed, held.filter((how) => how === "refused")]).toEqual([true, ["refused"]]);
  jest.advanceTimersByTime(5000);
  expect(letIn.at(-1)).toBe("neighbour");
});

test("those who came before the blame passed keep their order; afterwards the door is open", () => {
  blamed.add(FLOODER);
  come("a", FLOODER);
  blamed.clear();
  come("b", FLOODER);
  expect(letIn).toEqual([]);
  jest.advanceTimersByTime(2 * TURN_MS);
  come("c", FLOODER);
  expect(letIn).toEqual(["a", "b", "c"]);
});

test("who has gone takes nobody's turn", () => {
  blamed.add(FLOODER);
  const gone = come("gone", FLOODER);
  come("here", FLOODER);
  gone.destroy();
  jest.advanceTimersByTime(TURN_MS);
  expect(letIn).toEqual(["here"]);
});

test("a door that is closed ends those who wait", () => {
  blamed.add(FLOODER);
  const comers = [come("a", FLOODER), come("b", FLOODER)];
  doorway.close();
  expect(comers.map(({ destroyed }) => destroyed)).toEqual([true, true]);
  expect(jest.getTimerCount()).toBe(0);
});
