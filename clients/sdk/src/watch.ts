import { pause, type Pause } from "./call.ts";
import { CoreError } from "./core-error.ts";
import { GrpcCode } from "./grpc-code.ts";
import { SILENT } from "./port.ts";
import type { Standing } from "./standing.ts";
import type { View } from "./view.ts";

/** How long the core may be gone before watching gives up, counted in tries of growing pauses: about a minute. */
const MOST_FAILURES = 32;

/**
 * Every standing of a transaction until it is over, resumed by cursor over broken connections. Throws the CoreError of a
 * core that stays away, and any other error at once.
 */
export async function* watchToTheEnd(
  view: View,
  signal: AbortSignal,
  wait: Pause = pause,
): AsyncGenerator<Standing, void> {
  let cursor = "";
  for (let failures = 0; !signal.aborted && failures < MOST_FAILURES; failures += 1) {
    try {
      for await (const event of view.watch(cursor, signal)) {
        ({ cursor } = event);
        failures = 0;
        yield event.standing;
        if (event.standing.ending !== undefined) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      // From now: the answer tells whether anybody is there.
      if (isSilent(error) || (isStaleCursor(error) && cursor !== "")) cursor = "";
      else if (!isBroken(error) || failures + 1 >= MOST_FAILURES) throw error;
    }
    await wait(Math.min(100 * 2 ** failures, 2_000), signal);
  }
}

/**
 * Messages of a stream that goes on behind a cursor, until it ends: opened again behind the last one when it breaks, from
 * its start when the cursor is of an epoch that is gone. Throws the CoreError of a core that stays away for about a minute,
 * and any other error at once.
 */
export async function* resumedByCursor<T extends { readonly cursor: string }>(
  open: (cursor: string) => AsyncIterable<T>,
  signal: AbortSignal,
  wait: Pause = pause,
): AsyncGenerator<T, void> {
  let cursor = "";
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      for await (const message of open(cursor)) {
        ({ cursor } = message);
        failures = 0;
        yield message;
      }
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (isStaleCursor(error) && cursor !== "") cursor = "";
      else if (!isBroken(error) || failures + 1 >= MOST_FAILURES) throw error;
    }
    await wait(Math.min(100 * 2 ** failures, 2_000), signal);
  }
}

/**
 * Messages of a stream that tells the whole standing first, whenever it is opened: opened again when it breaks. Throws
 * the CoreError of a core that stays away for about a minute, and any other error at once.
 */
export async function* reopened<T>(open: () => AsyncIterable<T>, wait: Pause = pause): AsyncGenerator<T, void> {
  for (let failures = 0; ; failures += 1) {
    try {
      for await (const message of open()) {
        failures = 0;
        yield message;
      }
      return;
    } catch (error) {
      if (!isBroken(error) || failures + 1 >= MOST_FAILURES) throw error;
    }
    await wait(Math.min(100 * 2 ** failures, 2_000));
  }
}

/** The cursor is of an epoch that is gone: the watch starts again from now. */
function isStaleCursor(error: unknown): boolean {
  return (
    error instanceof CoreError && (error.code === GrpcCode.INVALID_ARGUMENT || error.code === GrpcCode.OUT_OF_RANGE)
  );
}

function isSilent(error: unknown): boolean {
  return error instanceof CoreError && error.reason === SILENT;
}

/** The stream broke; what it tells about is where it was. */
function isBroken(error: unknown): boolean {
  if (!(error instanceof CoreError)) return false;
  return (
    error.isOutage ||
    error.code === GrpcCode.CANCELLED ||
    error.code === GrpcCode.ABORTED ||
    error.code === GrpcCode.INTERNAL
  );
}
