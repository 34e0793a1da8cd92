import { settled } from "@countersign/bot-kit/testing";
import { expect, test } from "@jest/globals";
import { Window } from "./window.ts";

const forever = new AbortController().signal;

test("so many at a time, the others in order", async () => {
  const window = new Window(2);
  const entered: number[] = [];
  const enter = async (who: number): Promise<() => void> => {
    const leave = await window.enter(forever);
    entered.push(who);
    return leave;
  };
  const places = [1, 2, 3, 4].map(enter);
  await settled();
  expect(entered).toEqual([1, 2]);
  const leave = await places[1];
  leave?.();
  leave?.();
  await settled();
  expect(entered).toEqual([1, 2, 3]);
});

test("who is called off while he waits has not left, and takes nobody's place", async () => {
  const window = new Window(1);
  const leave = await window.enter(forever);
  const off = new AbortController();
  const waiting = window.enter(off.signal);
  const next = window.enter(forever);
  off.abort();
  await expect(waiting).rejects.toMatchObject({ fate: "not-sent", detail: "timeout" });
  leave();
  expect(await next).toBeInstanceOf(Function);
  await expect(window.enter(AbortSignal.abort())).rejects.toMatchObject({ fate: "not-sent" });
});
