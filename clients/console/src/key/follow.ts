import { pause } from "@countersign/pages";
import { ConfirmationClass } from "@countersign/proto/web/core/v1/confirmation_service";
import { CoreFailure } from "../connection/core-failure.ts";
import { bearer, confirmation } from "../connection/core.ts";

/** How it ended, as far as a page is told; the phone tells the rest. */
export type KeyEnding = "executed" | "ended" | "tampered";

const ENDINGS: { readonly [C in ConfirmationClass]?: KeyEnding } = {
  [ConfirmationClass.EXECUTED]: "executed",
  [ConfirmationClass.ENDED]: "ended",
  [ConfirmationClass.TAMPERED]: "tampered",
};

/** How long until the core is asked again after a watch broke. */
const AGAIN_MS = 1_000;

/** Waits until a transaction is over; a core that is away is waited for. undefined: `signal` came first. */
export async function followToEnd(confirmationToken: string, signal: AbortSignal): Promise<KeyEnding | undefined> {
  while (!signal.aborted) {
    try {
      for await (const event of confirmation.watch({}, bearer(confirmationToken, signal))) {
        const ending = ENDINGS[event.class];
        if (ending !== undefined) return ending;
      }
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof CoreFailure)) throw error;
    }
    await pause(AGAIN_MS, signal);
  }
  return undefined;
}
