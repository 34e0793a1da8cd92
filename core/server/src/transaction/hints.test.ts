import { getEventListeners } from "node:events";
import { expect, test } from "@jest/globals";
import { FakeClock } from "@countersign/testing";
import { openMemoryStore } from "../store/memory-store.ts";
import { changing, SHARD, writing } from "../store/store-fixture.ts";
import { Hints } from "./hints.ts";

test("ids that were touched since the last call, those that are wanted, until the signal is aborted", async () => {
  const store = openMemoryStore({ clock: new FakeClock() });
  const hints = new Hints(store, "peer", (id) => id !== "other");
  const over = new AbortController();
  await store.commit(SHARD, changing([writing("a", "", "ann"), writing("b", "", "bob"), writing("other", "", "eve")]));
  expect(await hints.next(over.signal)).toEqual(new Set(["a", "b"]));
  const next = hints.next(over.signal);
  await store.commit(SHARD, changing([writing("c", "", "col")]));
  expect(await next).toEqual(new Set(["c"]));
  hints.nudge();
  expect(await hints.next(over.signal)).toEqual(new Set());
  const last = hints.next(over.signal);
  over.abort();
  expect(await last).toBeUndefined();
  hints.close();
});

test("a signal that lives as long as a stream is left without listeners", async () => {
  const hints = new Hints(openMemoryStore({ clock: new FakeClock() }), "peer");
  const { signal } = new AbortController();
  for (let i = 0; i < 5; i++) {
    const next = hints.next(signal);
    expect(getEventListeners(signal, "abort").length).toBe(1);
    hints.nudge();
    await next;
  }
  expect(getEventListeners(signal, "abort")).toEqual([]);
  hints.close();
});
