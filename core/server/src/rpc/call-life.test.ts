import { EventEmitter } from "node:events";
import { describe, expect, test } from "@jest/globals";
import { CallLife } from "./call-life.ts";
import { refuse } from "./refusal.ts";
import { RefusalError } from "./refusal-of-error.ts";

class FakeCall extends EventEmitter {
  cancelled = false;
  readonly #deadline: Date | number;
  constructor(deadline: Date | number = Infinity) {
    super();
    this.#deadline = deadline;
  }
  getDeadline(): Date | number {
    return this.#deadline;
  }
}

const signalOf = (life: CallLife): AbortSignal => life.call({ kind: "enrolment" }).signal;
const isOver = (signal: AbortSignal): boolean =>
  signal.aborted && signal.reason instanceof RefusalError && signal.reason.refusal.refused === "UNAVAILABLE";

describe("the signal of a call", () => {
  test("says that a cancelled call is over", () => {
    const raw = new FakeCall();
    const signal = signalOf(new CallLife(raw, { imposeDeadline: true }));
    expect(signal.aborted).toBe(false);
    raw.emit("cancelled");
    expect(isOver(signal)).toBe(true);
  });

  test("says so from the start when the call was cancelled before", () => {
    const raw = new FakeCall();
    raw.cancelled = true;
    expect(isOver(signalOf(new CallLife(raw, { imposeDeadline: true })))).toBe(true);
  });

  test("says so once the deadline has passed", async () => {
    const life = new CallLife(new FakeCall(new Date(0)), { imposeDeadline: true });
    await new Promise<void>((resolve) => life.onDeadline(resolve));
    expect(isOver(signalOf(life))).toBe(true);
    expect(life.end()).toBe(true);
  });

  test("also ends what a handler left behind after a normal end", () => {
    const raw = new FakeCall();
    const life = new CallLife(raw, { imposeDeadline: false });
    const signal = signalOf(life);
    expect([life.end(), life.end()]).toEqual([true, false]);
    raw.emit("cancelled");
    expect(isOver(signal)).toBe(true);
  });

  test("keeps the answer that a stream was stopped with", () => {
    const raw = new FakeCall();
    const life = new CallLife(raw, { imposeDeadline: false });
    const why = refuse("UNAUTHENTICATED", "authorization: revoked");
    life.stop(why);
    raw.emit("cancelled");
    expect(signalOf(life).reason).toMatchObject({ name: "RefusalError", refusal: why });
    expect(life.stopped).toBe(why);
  });
});
