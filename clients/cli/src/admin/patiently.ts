import { CoreError, pause } from "@countersign/sdk";
import type { CommandGiven } from "../session.ts";

/** Limits of prompts are counted over a minute; longer ones are the administrator's to decide about. */
const LONGEST_WAIT_MS = 60_000;

/**
 * Asks again when the core says that it would take it later: an administrator who makes several things in a row meets the
 * limit of prompts that protects him from being flooded. Ctrl-C ends the waiting with the core's refusal.
 */
export async function patiently<T>(ask: () => Promise<T>, { terminal }: CommandGiven): Promise<T> {
  const stop = new AbortController();
  const release = terminal.io.onInterrupt(() => stop.abort());
  try {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        const waitMs = waitAfter(error);
        if (waitMs === undefined || stop.signal.aborted) throw error;
        const seconds = Math.ceil(waitMs / 1000);
        terminal.record({ step: "RATE_LIMITED", retryAfterMs: waitMs });
        terminal.status(() => `Too many confirmations within a minute: goes on in ${seconds} s (Ctrl-C leaves)`);
        await pause(waitMs, stop.signal);
        terminal.endStatus();
        if (stop.signal.aborted) throw error;
      }
    }
  } finally {
    release();
  }
}

function waitAfter(error: unknown): number | undefined {
  if (!(error instanceof CoreError) || error.reason !== "RATE_LIMITED") return undefined;
  const { retryAfterMs } = error;
  return retryAfterMs !== undefined && retryAfterMs <= LONGEST_WAIT_MS ? retryAfterMs : undefined;
}
