import type { ClientClass } from "@countersign/protocol";
import type { PageCore } from "@countersign/sdk/browser";
import { CoreFailure } from "../connection/core-failure.ts";
import { bearer, verification } from "../connection/core.ts";

const CLASSES: readonly ClientClass[] = ["TRY_AGAIN", "NOT_CONFIRMED", "TAMPERED", "ENDED", "BUSY"];

/** The core for one transaction, by its confirmation token. */
export function pageCore(transactionId: string, confirmationToken: string, signal: AbortSignal): PageCore {
  return {
    submit: async (what) => {
      const options = bearer(confirmationToken, signal);
      if (what.type === "assertion") await verification.submitAssertion({ transactionId, ...what.assertion }, options);
      else await verification.submitStatement({ transactionId, signedStatement: what.signedStatement }, options);
    },
    classOf: (error) => (error instanceof CoreFailure ? CLASSES.find((each) => each === error.reason) : undefined),
  };
}
