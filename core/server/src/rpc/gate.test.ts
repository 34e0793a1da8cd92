import { beforeEach, describe, expect, test } from "@jest/globals";
import { CALLS_APART, SOONEST_MS } from "./appointments.ts";
import { Gate, type Loop } from "./gate.ts";
import { LONGEST_WAIT_MS, MOST_RUNNING, URGENT_PLACES } from "./overload.ts";

/** An event loop that turns when it is told to. */
class HandLoop implements Loop {
  at = 0;
  readonly #after: (() => void)[] = [];
  #next: (() => void)[] = [];
  now(): number {
    return this.at;
  }
  nextTurn(run: () => void): void {
    this.#next.push(run);
  }
  afterThis(run: () => void): void {
    this.#after.push(run);
  }
  /** All that goes on without input. */
  settle(): void {
    for (let run = this.#after.shift(); run !== undefined; run = this.#after.shift()) run();
  }
  /** Whether there was anything to turn for. */
  turn(): boolean {
    const due = this.#next;
    this.#next = [];
    for (const run of due) {
      run();
      this.settle();
    }
    return due.length > 0;
  }
}

const HERE = "192.0.2.1";

let loop: HandLoop;
let gate: Gate;
let begun: string[];
let dropped: string[];
let enders: (() => void)[];
beforeEach(() => {
  loop = new HandLoop();
  gate = new Gate(loop);
  [begun, dropped, enders] = [[], [], []];
});

/** A call that takes a millisecond of the loop to begin. */
function enter(name: string, { urgent = false, isOver = false, costMs = 1, from = HERE } = {}): void {
  gate.enter(urgent, from, {
    isOver,
    begin: (ended) => {
      begun.push(name);
      enders.push(ended);
      loop.at += costMs;
    },
    drop: () => void dropped.push(name),
  });
}

describe("turns", () => {
  test("the first call begins as it comes, the next ones when what the first does without input is done", () => {
    enter("a");
    enter("b");
    expect(begun).toEqual(["a"]);
    loop.settle();
    expect(begun).toEqual(["a", "b"]);
  });

  test("calls are begun for a slice of each turn, in the order they came", () => {
    for (const name of "abcdefghij") enter(name);
    loop.settle();
    expect(begun.join("")).toBe("abcd");
    loop.turn();
    expect(begun.join("")).toBe("abcdefgh");
    loop.turn();
    expect(begun.join("")).toBe("abcdefghij");
  });

  test("an empty line turns no loop", () => {
    enter("a");
    loop.settle();
    loop.turn();
    expect(loop.turn()).toBe(false);
  });

  test("urgent calls wait for each other alone, ordinary ones come in turn with them", () => {
    for (const name of "abcdef") enter(name);
    for (const name of ["U", "V", "W"]) enter(name, { urgent: true });
    loop.settle();
    expect(begun.join("")).toBe("aUbV");
    loop.turn();
    expect(begun.join("")).toBe("aUbVcWde");
  });
});

describe("work for nobody", () => {
  test("who is over when his turn comes is dropped, and takes nobody's turn", () => {
    enter("a");
    for (const name of ["x", "y", "z"]) enter(name, { isOver: true });
    enter("b");
    loop.settle();
    expect([begun, dropped]).toEqual([
      ["a", "b"],
      ["x", "y", "z"],
    ]);
  });

  test("so many run at a time; others begin as those end, and nothing spins meanwhile", () => {
    for (let i = 0; i <= MOST_RUNNING; i++) {
      enter(`${i}`, { costMs: 0 });
      loop.settle();
    }
    while (loop.turn());
    expect(begun).toHaveLength(MOST_RUNNING);
    enders[0]?.();
    loop.settle();
    expect(begun).toHaveLength(MOST_RUNNING + 1);
  });
});

describe("refusing", () => {
  test("ordinary calls are refused once those before take too long by what turns took, and taken in again later", () => {
    const fill = (): void => {
      while (!gate.refuses(false, HERE)) enter("one");
    };
    for (let turn = 0; turn < 400; turn++) {
      fill();
      loop.settle();
      loop.at += 1; // the commit, the answers, and refusing others
      for (const end of enders.splice(0)) end();
      loop.turn();
    }
    fill();
    // 5 ms for the 4 calls of a turn
    expect(gate.line.costMs).toBeCloseTo(1.25, 1);
    expect(Math.abs(gate.line.ordinary - LONGEST_WAIT_MS / 1.25)).toBeLessThanOrEqual(1);
    expect([gate.refuses(false, HERE), gate.refuses(true, HERE)]).toEqual([true, false]);
    while (loop.turn()) for (const end of enders.splice(0)) end();
    expect(gate.refuses(false, HERE)).toBe(false);
  });

  test("who has nobody in a full line gets in, and his turn comes before those who have many", () => {
    for (let i = 0; i < 2000; i++) enter("loud");
    expect([gate.refuses(false, HERE), gate.refuses(false, "192.0.2.2")]).toEqual([true, false]);
    enter("quiet", { from: "192.0.2.2" });
    let more = 0;
    for (; !gate.refuses(false, "192.0.2.2"); more++) enter("more", { from: "192.0.2.2" });
    // Half of the places, as there are two addresses.
    expect(more + 1).toBe(LONGEST_WAIT_MS / gate.line.costMs / 2);
    loop.settle();
    loop.turn();
    expect(begun.indexOf("quiet")).toBeLessThan(4);
  });

  test("those who are refused are told to come back one after the other, urgent ones soon", () => {
    for (let i = 0; i < 2000; i++) enter("one");
    const step = CALLS_APART * gate.line.costMs;
    const waits = [0, 1, 2].map(() => gate.comeBackAfter(false, HERE));
    expect(waits).toEqual([SOONEST_MS, SOONEST_MS + step, SOONEST_MS + 2 * step]);
    expect([gate.comeBackAfter(true, HERE), gate.comeBackAfter(true, HERE)]).toEqual([SOONEST_MS, SOONEST_MS]);
    enter("other", { from: "192.0.2.2" });
    gate.comeBackAfter(false, "192.0.2.2");
    expect(gate.comeBackAfter(false, "192.0.2.2")).toBe(SOONEST_MS + 2 * step);
  });

  test("urgent calls are refused for want of memory alone", () => {
    enter("a");
    for (let i = 0; i < URGENT_PLACES; i++) enter(`${i}`, { urgent: true });
    expect(gate.refuses(true, HERE)).toBe(true);
    expect(gate.refuses(false, HERE)).toBe(false);
    while (gate.line.urgent > 0) {
      loop.settle();
      loop.turn();
      for (const end of enders.splice(0)) end();
    }
    expect(begun).toHaveLength(URGENT_PLACES + 1);
  });

  test("a loop that stood still while nobody waited says nothing about the cost of a call", () => {
    enter("a");
    loop.settle();
    const { costMs } = gate.line;
    loop.at += 10_000;
    loop.turn();
    enter("b");
    loop.settle();
    loop.turn();
    expect(gate.line.costMs).toBe(costMs);
  });
});
