import { expect, test } from "@jest/globals";
import { bounded } from "./bounded.ts";

const never = new Promise<never>(() => undefined);

test("ends with the promise, or with the signal, whichever is first", async () => {
  const over = new AbortController();
  expect(await bounded(over.signal, Promise.resolve(1))).toBe(1);
  await expect(bounded(over.signal, Promise.reject(new Error("no")))).rejects.toThrow("no");
  const waiting = bounded(over.signal, never);
  over.abort();
  await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
  await expect(bounded(over.signal, never)).rejects.toMatchObject({ name: "AbortError" });
});

test("a promise that fails after the signal is nobody's unhandled rejection", async () => {
  const late = Promise.withResolvers<never>();
  await expect(bounded(AbortSignal.abort(), late.promise)).rejects.toMatchObject({ name: "AbortError" });
  late.reject(new Error("late"));
});
