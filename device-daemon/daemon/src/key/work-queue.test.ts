import { expect, test } from "@jest/globals";
import { QUEUE_LENGTH, WorkQueue } from "./work-queue.ts";

const never = new AbortController().signal;

test("D8: one at a time, in the order of asking", async () => {
  const queue = new WorkQueue();
  const order: string[] = [];
  const works = ["a", "b", "c"].map((name) =>
    queue.run(never, async () => {
      order.push(`${name} begins`);
      await Promise.resolve();
      order.push(`${name} ends`);
      return name;
    }),
  );
  expect(await Promise.all(works)).toEqual(["a", "b", "c"]);
  expect(order).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});

test("D8: eight wait besides the one that runs; the next is refused at once, and there is room again later", async () => {
  const queue = new WorkQueue();
  const gate = Promise.withResolvers<void>();
  const first = queue.run(never, () => gate.promise);
  await Promise.resolve();
  await Promise.resolve();
  const waiting = Array.from({ length: QUEUE_LENGTH }, () => queue.run(never, async () => "done"));
  await expect(queue.run(never, async () => "too many")).rejects.toThrow("8 requests already wait");
  gate.resolve();
  await first;
  expect(await Promise.all(waiting)).toEqual(Array(QUEUE_LENGTH).fill("done"));
  expect(await queue.run(never, async () => "again")).toBe("again");
});

test("who goes before his turn leaves the queue, and the order behind him holds", async () => {
  const queue = new WorkQueue();
  const gate = Promise.withResolvers<void>();
  const order: string[] = [];
  const first = queue.run(never, async () => {
    await gate.promise;
    order.push("first");
  });
  const gone = new AbortController();
  const second = queue.run(gone.signal, async () => order.push("second"));
  const third = queue.run(never, async () => order.push("third"));
  gone.abort(new Error("gone"));
  await expect(second).rejects.toThrow("gone");
  gate.resolve();
  await Promise.all([first, third]);
  expect(order).toEqual(["first", "third"]);
});

test("a work that fails does not stop the next", async () => {
  const queue = new WorkQueue();
  const failed = queue.run(never, async () => {
    throw new Error("no");
  });
  const next = queue.run(never, async () => "yes");
  await expect(failed).rejects.toThrow("no");
  expect(await next).toBe("yes");
});

test("what follows each work runs before the next turn, is not waited for, and not run for who never began", async () => {
  const order: string[] = [];
  const queue = new WorkQueue(async () => {
    await Promise.resolve();
    order.push("after");
  });
  const gone = new AbortController();
  const first = queue.run(never, async () => order.push("first"));
  const second = queue.run(gone.signal, async () => order.push("second"));
  const third = queue.run(never, async () => order.push("third"));
  gone.abort(new Error("gone"));
  await expect(second).rejects.toThrow("gone");
  await Promise.all([first, third]);
  expect(order.slice(0, 3)).toEqual(["first", "after", "third"]);
});
