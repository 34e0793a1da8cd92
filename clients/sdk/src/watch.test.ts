import { status } from "@grpc/grpc-js";
import { expect, test } from "@jest/globals";
import { CoreError } from "./core-error.ts";
import type { Standing } from "./standing.ts";
import type { View } from "./view.ts";
import { watchToTheEnd } from "./watch.ts";

type Step = { readonly state: string; readonly cursor: string; readonly over?: boolean } | CoreError | "end";

/** Plays one list of steps a connection and notes the cursors it was asked from. */
function viewOf(connections: readonly (readonly Step[])[], cursors: string[]): View {
  let opened = 0;
  return {
    async *watch(cursor) {
      cursors.push(cursor);
      for (const step of connections[(opened += 1) - 1] ?? []) {
        if (step instanceof CoreError) throw step;
        if (step === "end") return;
        const ending = step.over === true ? ({ state: "EXPIRED" } as const) : undefined;
        const standing: Standing = {
          state: step.state,
          detail: "",
          confirmed: false,
          signed: false,
          ending,
          keyIds: [],
        };
        yield { standing, cursor: step.cursor };
      }
    },
    submit: neverAsked,
    withdraw: neverAsked,
    receipt: neverAsked,
  };
}

async function neverAsked(): Promise<never> {
  throw new Error("watching does nothing else");
}

async function noWait(): Promise<void> {
  await Promise.resolve();
}

async function statesOf(connections: readonly (readonly Step[])[], cursors: string[] = []): Promise<string[]> {
  const states: string[] = [];
  for await (const { state } of watchToTheEnd(viewOf(connections, cursors), new AbortController().signal, noWait)) {
    states.push(state);
  }
  return states;
}

const outage = new CoreError(status.UNAVAILABLE, "gone");
const over: Step = { state: "B", cursor: "2", over: true };

test("resumes after the last event, over breaks and quiet ends", async () => {
  const cursors: string[] = [];
  expect(await statesOf([[{ state: "A", cursor: "1" }, outage], [outage], ["end"], [over]], cursors)).toEqual([
    "A",
    "B",
  ]);
  expect(cursors).toEqual(["", "1", "1", "1"]);
});

test("starts from now when its cursor is of an epoch that is gone", async () => {
  const cursors: string[] = [];
  const stale = new CoreError(status.INVALID_ARGUMENT, "cursor", { reason: "BAD_INPUT" });
  expect(await statesOf([[{ state: "A", cursor: "1" }, outage], [stale], [over]], cursors)).toEqual(["A", "B"]);
  expect(cursors).toEqual(["", "1", ""]);
});

test("a core that stays away, or that refuses, is thrown", async () => {
  await expect(statesOf(Array.from({ length: 40 }, () => [outage]))).rejects.toBe(outage);
  const refusal = new CoreError(status.PERMISSION_DENIED, "no", { reason: "NOT_ALLOWED" });
  await expect(statesOf([[refusal]])).rejects.toBe(refusal);
});
