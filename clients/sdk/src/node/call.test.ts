import { status, type CallOptions, type ClientUnaryCall, type Metadata, type ServiceError } from "@grpc/grpc-js";
import { expect, test } from "@jest/globals";
import { call } from "./call.ts";
import { fakeStatusError, type FakeError } from "../testing/status-error.ts";

/** Calls a core that answers so, one answer a try, and then OK; tells what came and how long was waited between. */
async function calling(...errors: readonly FakeError[]): Promise<readonly [string, readonly number[]]> {
  const [answer, waits] = await callingFor(3_000, ...errors);
  return [answer, waits];
}

/** The same with a patience; tells also after how many waits it was said that nobody answers. */
async function callingFor(
  patienceMs: number,
  ...errors: readonly FakeError[]
): Promise<readonly [string, readonly number[], readonly number[]]> {
  const silences: number[] = [];
  const left = [...errors];
  const waits: number[] = [];
  const method = (
    _request: string,
    _metadata: Metadata,
    _options: Partial<CallOptions>,
    callback: (error: ServiceError | null, response: string) => void,
  ): ClientUnaryCall => {
    const next = left.shift();
    queueMicrotask(() => callback(next === undefined ? null : fakeStatusError(next), "done"));
    return { cancel: () => undefined } as ClientUnaryCall;
  };
  const pause = async (ms: number): Promise<void> => void waits.push(ms);
  const onSilence = (): void => void silences.push(waits.length);
  const given = { token: undefined, deadlineMs: 1000, patienceMs, onSilence, pause };
  const answer = await call(method, "", given).catch((error: ServiceError) => status[error.code]);
  return [answer, waits, silences];
}

const shed = (retryAfterMs: number): FakeError => ({ code: status.RESOURCE_EXHAUSTED, reason: "BUSY", retryAfterMs });

test("a core that is too busy is asked again when it says", async () => {
  expect(await calling(shed(700), shed(8000))).toEqual(["done", [700, 8000]]);
});

test("five times, then the caller learns of it", async () => {
  expect(await calling(...Array.from({ length: 5 }, () => shed(500)))).toEqual([
    "RESOURCE_EXHAUSTED",
    [500, 500, 500, 500],
  ]);
});

test.each<readonly [string, FakeError]>([
  ["a class that means a limit of the user, who has to wait longer", shed(10_000)],
  ["BUSY that names no time", { code: status.RESOURCE_EXHAUSTED, reason: "BUSY" }],
  ["a limit", { code: status.RESOURCE_EXHAUSTED, reason: "RATE_LIMITED", retryAfterMs: 500 }],
  ["a full disk", { code: status.RESOURCE_EXHAUSTED, reason: "STORE_FULL", retryAfterMs: 500 }],
])("%s is the caller's to decide", async (_what, error) => {
  expect(await calling(error)).toEqual(["RESOURCE_EXHAUSTED", []]);
});

test("an outage is retried in growing pauses", async () => {
  const gone: FakeError = { code: status.UNAVAILABLE };
  expect(await calling(gone, gone, gone)).toEqual(["done", [200, 400, 800]]);
});

test.each<readonly [number, readonly [string, readonly number[], readonly number[]]]>([
  [0, ["UNAVAILABLE", [], []]],
  [199, ["UNAVAILABLE", [], []]],
  [1_400, ["UNAVAILABLE", [200, 400, 800], [2]]],
  [20_000, ["UNAVAILABLE", [200, 400, 800, 1600, 2000, 2000, 2000, 2000, 2000, 2000, 2000, 2000], [2]]],
])("a patience of %d ms is not exceeded, and who waits is told after a second", async (patienceMs, expected) => {
  const gone: FakeError = { code: status.UNAVAILABLE };
  expect(await callingFor(patienceMs, ...Array.from({ length: 40 }, () => gone))).toEqual(expected);
});
