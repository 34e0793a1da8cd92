import { status } from "@grpc/grpc-js";
import { shedAnswer } from "../../../core/server/src/rpc/shed.ts";
import { expect, test } from "@jest/globals";
import { callAsSdk, tried, type Try } from "./caller.ts";

/** What it became, and how long was waited between tries. */
async function called(...tries: readonly Try[]): Promise<readonly [string, readonly number[]]> {
  const waits: number[] = [];
  let n = 0;
  const next = async (): Promise<Try> => tries[Math.min(n++, tries.length - 1)] as Try;
  return [await callAsSdk(next, async (ms) => void waits.push(ms)), waits];
}

/** As the core refuses it. */
function refused(waitMs: number): Try {
  const [details] = shedAnswer(waitMs).metadata?.get("grpc-status-details-bin") ?? [];
  return tried(status.RESOURCE_EXHAUSTED, typeof details === "object" ? details : undefined);
}

const ok: Try = { became: "ok", retryAfterMs: undefined };

test("a caller that is refused asks again when it was told to", async () => {
  expect(await called(refused(500), refused(8000), ok)).toEqual(["ok", [500, 8000]]);
});

test("five times in all, and not at all after a wait that is not its own to decide", async () => {
  expect(await called(refused(700))).toEqual(["refused", [700, 700, 700, 700]]);
  expect(await called(refused(8001), ok)).toEqual(["refused", []]);
  expect(await called(tried(status.RESOURCE_EXHAUSTED, undefined), ok)).toEqual(["refused", []]);
});

test("nothing else is tried again", async () => {
  expect(await called(tried(status.DEADLINE_EXCEEDED, undefined), ok)).toEqual(["late", []]);
  expect(await called(tried(status.INTERNAL, undefined), ok)).toEqual(["other", []]);
});
