import { expect, test } from "@jest/globals";
import { Turns } from "./turns.ts";

const never = new AbortController().signal;

test("turns are given in the order of asking, one at a time", async () => {
  const turns = new Turns();
  const order: string[] = [];
  const first = await turns.take(never);
  const others = ["b", "c"].map(async (name) => {
    const release = await turns.take(never);
    order.push(name);
    release();
  });
  expect([turns.isTaken, turns.waiting, order]).toEqual([true, 2, []]);
  first();
  await Promise.all(others);
  expect([turns.isTaken, turns.waiting, order]).toEqual([false, 0, ["b", "c"]]);
});

test("D8: who asks and gives up again and again while another has the turn leaves nothing behind", async () => {
  const turns = new Turns();
  const release = await turns.take(never);
  for (let times = 0; times < 1_000; times++) {
    const gone = new AbortController();
    const asked = turns.take(gone.signal);
    gone.abort(new Error("gone"));
    await expect(asked).rejects.toThrow("gone");
    expect(turns.waiting).toBe(0);
  }
  const next = turns.take(never);
  release();
  (await next)();
  expect(turns.isTaken).toBe(false);
});

test("an abort that was there before takes no turn", async () => {
  const turns = new Turns();
  await expect(turns.take(AbortSignal.abort(new Error("gone")))).rejects.toThrow("gone");
  expect(turns.isTaken).toBe(false);
});

test("nobody slips in while a turn goes from one to the next", async () => {
  const turns = new Turns();
  const order: string[] = [];
  const first = await turns.take(never);
  const second = turns.take(never).then((release) => {
    order.push("second");
    return release;
  });
  first();
  const third = turns.take(never).then(() => order.push("third"));
  (await second)();
  await third;
  expect(order).toEqual(["second", "third"]);
});
